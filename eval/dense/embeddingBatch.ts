import {
  Field,
  FixedSizeList,
  Float32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { contractHash } from '../../checkpoints/contract/contractFile.js';
import type { Encoder } from '../encoder/encoder.js';

/** Columns id (utf8) and embedding (fixed-size list of float32), with model and contract as metadata. */
export function embeddingSchema({ name, contract, dimensions }: Encoder): Schema {
  const list = new FixedSizeList(dimensions, new Field('item', new Float32(), false));
  const metadata = new Map([
    ['tercet.model', name],
    ['tercet.contract', JSON.stringify(contract)],
    ['tercet.contractHash', contractHash(contract)],
  ]);
  return new Schema([new Field('id', new Utf8(), false), new Field('embedding', list, false)], metadata);
}

/**
 * Rows of that schema.
 * @param embeddings  [ids, dimensions], row-major
 */
export function embeddingBatch(schema: Schema, ids: string[], embeddings: Float32Array): RecordBatch {
  const type = schema.fields[1]!.type as FixedSizeList<Float32>;
  const values = makeData({ type: new Float32(), length: embeddings.length, data: embeddings });
  const list = makeData({ type, length: ids.length, child: values });
  const children = [vectorFromArray(ids, new Utf8()).data[0]!, list];
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: ids.length, children }));
}
