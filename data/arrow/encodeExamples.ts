import { makeData, RecordBatch, Struct, Utf8, type Data, type List, type Schema } from 'apache-arrow';
import type { Example, Passage } from '../example.js';
import { passageType } from './exampleSchema.js';

/** One record batch that holds these examples. @param schema  an `exampleSchema` */
export function encodeExamples(examples: Example[], schema: Schema): RecordBatch {
  const type = (name: string) => schema.fields.find((field) => field.name === name)!.type as List;
  const lists = (pick: (example: Example) => Passage[], name: string) => passageLists(examples.map(pick), type(name));
  const children = [
    texts(examples.map(({ id }) => id)),
    texts(examples.map(({ query }) => query)),
    lists(({ positives }) => positives, 'positives'),
    lists(({ negatives }) => negatives, 'negatives'),
  ];
  const rows = makeData({ type: new Struct(schema.fields), length: examples.length, nullCount: 0, children });
  return new RecordBatch(schema, rows);
}

function passageLists(lists: Passage[][], type: List): Data<List> {
  const passages = lists.flat();
  const children = [
    texts(passages.map(({ id }) => id)),
    texts(passages.map(({ title }) => title)),
    texts(passages.map(({ text }) => text)),
  ];
  const child = makeData({ type: passageType, length: passages.length, nullCount: 0, children });
  const valueOffsets = offsets(lists.map((list) => list.length));
  return makeData({ type, length: lists.length, nullCount: 0, valueOffsets, child });
}

function texts(values: string[]): Data<Utf8> {
  const bytes = values.map((value) => Buffer.from(value, 'utf8'));
  const valueOffsets = offsets(bytes.map(({ length }) => length));
  return makeData({ type: new Utf8(), length: values.length, nullCount: 0, valueOffsets, data: Buffer.concat(bytes) });
}

/** Where each of the values begins, and where the last one ends. */
function offsets(lengths: number[]): Int32Array {
  const starts = new Int32Array(lengths.length + 1);
  lengths.forEach((length, index) => (starts[index + 1] = starts[index]! + length));
  return starts;
}
