import {
  Field,
  FixedSizeList,
  Float32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow';
import { contractHash } from '../../checkpoints/contract/contractFile.js';
import { writeBeside } from '../../data/files/writeBeside.js';
import { UserError } from '../../configs/userError.js';
import { readLines } from '../../data/files/readLines.js';
import type { Encoder, TextToEncode } from '../encoder/encoder.js';

/** Vectors with the ids of what they stand for. */
export interface EmbeddedTexts {
  ids: string[];
  /** [ids, dimensions], row-major */
  embeddings: Float32Array;
}

/**
 * Read texts from JSON lines with `_id` or `id`, `text` and, for passages, perhaps `title`.
 * @throws UserError naming the line that cannot be used
 */
export async function readTextsToEncode(file: string): Promise<(TextToEncode & { id: string })[]> {
  const texts: (TextToEncode & { id: string })[] = [];
  for await (const { line, text: json } of readLines(file)) {
    if (json.trim() === '') continue;
    const row = parse(json, `${file}:${line}`);
    const id = row['_id'] ?? row['id'];
    const { text, title } = row;
    if ((typeof id !== 'string' && typeof id !== 'number') || typeof text !== 'string')
      throw new UserError(
        `${file}:${line} must have _id (or id) and text; got the fields ${Object.keys(row).join(', ')}`,
      );
    texts.push({ id: String(id), text, ...(typeof title === 'string' && { title }) });
  }
  if (texts.length === 0) throw new UserError(`${file} holds no texts`);
  return texts;
}

/** Write embeddings as an Arrow file, columns id (utf8) and embedding (fixed-size list of float32), with its contract. */
export function writeEmbeddings(
  file: string,
  { ids, embeddings }: EmbeddedTexts,
  { name, contract, dimensions }: Encoder,
): Promise<void> {
  const type = new FixedSizeList(dimensions, new Field('item', new Float32(), false));
  const values = makeData({ type: new Float32(), length: embeddings.length, data: embeddings });
  const list = new Vector([makeData({ type, length: ids.length, child: values })]);
  const metadata = new Map([
    ['tercet.model', name],
    ['tercet.contract', JSON.stringify(contract)],
    ['tercet.contractHash', contractHash(contract)],
  ]);
  const schema = new Schema([new Field('id', new Utf8(), false), new Field('embedding', type, false)], metadata);
  const columns = [vectorFromArray(ids, new Utf8()).data[0]!, list.data[0]!];
  const rows = makeData({ type: new Struct(schema.fields), length: ids.length, children: columns });
  return writeBeside(file, tableToIPC(new Table(schema, [new RecordBatch(schema, rows)]), 'file'));
}

function parse(json: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new UserError(`${where} is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UserError(`${where} must be a JSON object; got ${json.slice(0, 40)}`);
  return value as Record<string, unknown>;
}
