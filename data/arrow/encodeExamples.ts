import { Field, Float32, List, makeData, RecordBatch, Struct, Utf8, type Data, type Schema } from 'apache-arrow';
import type { Example } from '../example/example.js';
import { addExample, createColumns, type ExampleColumns, type PassageColumns } from './exampleColumns.js';
import { passageType } from './exampleSchema.js';
import type { TextColumn, TextLists } from './textColumn.js';

/** One record batch that holds these examples. @param schema  an `exampleSchema` */
export function encodeExamples(examples: Example[], schema: Schema): RecordBatch {
  const columns = createColumns(examples.length, holdsImages(schema));
  for (const example of examples) addExample(columns, example);
  return encodeColumns(columns, schema);
}

const holdsImages = ({ fields }: Schema) => fields.some(({ name }) => name === 'query_images');

/** One record batch over these columns, which it goes on using. @param schema  an `exampleSchema` */
export function encodeColumns(columns: ExampleColumns, schema: Schema) {
  const { rows, ids, queries, queryImages, positives, negatives } = columns;
  const type = (name: string) => schema.fields.find((field) => field.name === name)!.type as List;
  const children = [
    texts(ids),
    texts(queries),
    ...(queryImages ? [textLists(queryImages)] : []),
    passageLists(positives, rows, type('positives')),
    passageLists(negatives, rows, type('negatives')),
  ];
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children }));
}

function passageLists(list: PassageColumns, rows: number, type: List): Data<List> {
  const { count } = list.texts;
  const children = [
    texts(list.ids),
    texts(list.titles),
    texts(list.texts),
    ...(list.images ? [textLists(list.images)] : []),
    scores(list.scores, count),
  ];
  const child = makeData({ type: passageType(list.images !== null), length: count, nullCount: 0, children });
  const valueOffsets = new Int32Array(rows + 1);
  valueOffsets.set(list.ends.subarray(0, rows), 1);
  return makeData({ type, length: rows, nullCount: 0, valueOffsets, child });
}

function textLists({ texts: items, ends, rows }: TextLists): Data<List> {
  const valueOffsets = new Int32Array(rows + 1);
  valueOffsets.set(ends.subarray(0, rows), 1);
  const type = new List(new Field('item', new Utf8(), false));
  return makeData({ type, length: rows, nullCount: 0, valueOffsets, child: texts(items) });
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
