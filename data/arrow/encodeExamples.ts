import { Float32, makeData, RecordBatch, Struct, Utf8, type Data, type List, type Schema } from 'apache-arrow';
import type { Example } from '../example/example.js';
import { addExample, createColumns, type ExampleColumns, type PassageColumns } from './exampleColumns.js';
import { passageType } from './exampleSchema.js';
import type { TextColumn } from './textColumn.js';

/** One record batch that holds these examples. @param schema  an `exampleSchema` */
export function encodeExamples(examples: Example[], schema: Schema): RecordBatch {
  const columns = createColumns(examples.length);
  for (const example of examples) addExample(columns, example);
  return encodeColumns(columns, schema);
}

/** One record batch over these columns, which it goes on using. @param schema  an `exampleSchema` */
export function encodeColumns({ rows, ids, queries, positives, negatives }: ExampleColumns, schema: Schema) {
  const type = (name: string) => schema.fields.find((field) => field.name === name)!.type as List;
  const children = [
    texts(ids),
    texts(queries),
    passageLists(positives, rows, type('positives')),
    passageLists(negatives, rows, type('negatives')),
  ];
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children }));
}

function passageLists(list: PassageColumns, rows: number, type: List): Data<List> {
  const { count } = list.texts;
  const children = [texts(list.ids), texts(list.titles), texts(list.texts), scores(list.scores, count)];
  const child = makeData({ type: passageType, length: count, nullCount: 0, children });
  const valueOffsets = new Int32Array(rows + 1);
  valueOffsets.set(list.ends.subarray(0, rows), 1);
  return makeData({ type, length: rows, nullCount: 0, valueOffsets, child });
}

function texts({ bytes, used, offsets, count }: TextColumn): Data<Utf8> {
  return makeData({
    type: new Utf8(),
    length: count,
    nullCount: 0,
    valueOffsets: offsets.subarray(0, count + 1),
    data: bytes.subarray(0, used),
  });
}

function scores(values: Float64Array | null, count: number): Data<Float32> {
  const data = new Float32Array(count);
  const nullBitmap = new Uint8Array(Math.ceil(count / 8));
  let nullCount = count;
  for (let index = 0; index < Math.min(count, values?.length ?? 0); index++) {
    if (Number.isNaN(values![index])) continue;
    data[index] = values![index]!;
    nullBitmap[index >> 3]! |= 1 << (index & 7);
    nullCount--;
  }
  return makeData({ type: new Float32(), length: count, nullCount, nullBitmap, data });
}
