import { createHash, type Hash } from 'node:crypto';
import { UserError } from '../../configs/userError.js';
import type { Passage } from '../example/example.js';
import { idText } from '../example/row/idText.js';
import { isBlank, textOf } from '../example/row/textOf.js';
import { createIdTable, type IdTable } from './idTable.js';
import { readRows } from './readRows.js';

/** Consecutive passages of a corpus that are read, encoded and kept together. */
export interface CorpusShard {
  rows: number;
  /** SHA-256, hexadecimal, of titles and texts in their order; ids do not enter it. */
  hash: string;
}

/** The passages that a task searches: ids are in memory, texts are read when they are needed. */
export interface Corpus {
  ids: IdTable;
  /** All but the last have `shardRows` passages. */
  shards: CorpusShard[];
  /** SHA-256, hexadecimal, of ids and texts. */
  hash: string;
  /** Passages of which neither title nor text says anything. */
  blank: number;
  /** Read the shards that are wanted, all unless said otherwise, in their order. */
  read(isWanted?: (shard: number) => boolean): AsyncGenerator<{ shard: number; passages: Passage[] }>;
}

/** Passages of a shard: enough that sorting them by length leaves little padding, few enough to be held in memory. */
export const shardRows = 16_384;

/** How titles count: joined with the text as the contract says, or left out as CoIR's own harness does. */
export type TitleUse = 'use' | 'ignore';

/** What one reading of a corpus finds out. */
export interface CorpusScan {
  ids: IdTable;
  shards: CorpusShard[];
  blank: number;
}

/**
 * Read through corpus files once.
 * @param rowsPerShard  other than the usual number in tests alone
 * @throws UserError naming the line that cannot be used or repeats an id, or that there is no passage at all
 */
export async function scanCorpus(
  files: readonly string[],
  titles: TitleUse,
  rowsPerShard: number,
): Promise<CorpusScan> {
  const ids = createIdTable();
  const shards: CorpusShard[] = [];
  let [rows, blank] = [0, 0];
  let hash = createHash('sha256');
  for await (const { location, columns } of readRows(files, ['id', 'text'])) {
    const passage = parseDocument(columns(), location, titles);
    if (!ids.add(passage.id)) throw new UserError(`${location} repeats the document id ${passage.id}`);
    addTexts(hash, passage);
    if (saysNothing(passage)) blank++;
    if (++rows === rowsPerShard) {
      shards.push({ rows, hash: hash.digest('hex') });
      [rows, hash] = [0, createHash('sha256')];
    }
  }
  if (rows > 0) shards.push({ rows, hash: hash.digest('hex') });
  if (ids.size === 0) throw new UserError(`${files[0]} is empty`);
  return { ids, shards, blank };
}

/** A corpus in files, of which one reading is known. Texts that changed since are noticed when they are read. */
export function scannedCorpus(
  files: readonly string[],
  titles: TitleUse,
  { ids, shards, blank }: CorpusScan,
  rowsPerShard = shardRows,
): Corpus {
  return {
    ids,
    shards,
    hash: corpusHash(ids, shards),
    blank,
    async *read(isWanted = () => true) {
      const changed = () => new UserError(`${files[0]} changed while it was read; run again`);
      let [shard, row] = [0, 0];
      let passages: Passage[] = [];
      for await (const { location, columns } of readRows(files, ['id', 'text'])) {
        const expected = shards[shard];
        if (!expected) throw changed();
        if (isWanted(shard)) passages.push(parseDocument(columns(), location, titles));
        if (++row < Math.min(rowsPerShard, expected.rows)) continue;
        if (isWanted(shard)) {
          if (textsHash(passages) !== expected.hash) throw changed();
          yield { shard, passages };
        }
        [shard, row, passages] = [shard + 1, 0, []];
      }
      if (shard < shards.length) throw changed();
    },
  };
}

/** A corpus that is in memory. @throws UserError when an id comes twice */
export function memoryCorpus(passages: readonly Passage[], rowsPerShard = shardRows): Corpus {
  const ids = createIdTable();
  for (const { id } of passages) if (!ids.add(id)) throw new UserError(`the document id ${id} comes twice`);
  const parts: Passage[][] = [];
  for (let from = 0; from < passages.length; from += rowsPerShard)
    parts.push(passages.slice(from, from + rowsPerShard));
  const shards = parts.map((part) => ({ rows: part.length, hash: textsHash(part) }));
  return {
    ids,
    shards,
    hash: corpusHash(ids, shards),
    blank: passages.filter(saysNothing).length,
    async *read(isWanted = () => true) {
      for (const [shard, part] of parts.entries()) if (isWanted(shard)) yield { shard, passages: part };
    },
  };
}

/** What an embedding is made of. Its id names it and decides nothing; whatever else it holds, such as an image, does. */
export interface Content {
  id?: string;
  title?: string;
  text: string;
}

/** SHA-256, hexadecimal, of all that texts hold but their ids, in their order. */
export function textsHash(texts: readonly Content[]): string {
  const hash = createHash('sha256');
  for (const text of texts) addTexts(hash, text);
  return hash.digest('hex');
}

/** A document or query out of a row. @throws UserError naming the row and what is wrong with it */
export function parseDocument(row: Record<string, unknown>, location: string, titles: TitleUse = 'use'): Passage {
  const given = row['_id'] ?? row['id'];
  const id = idText(given);
  if (given === undefined || given === null) throw new UserError(`${location} must have an _id`);
  if (id === null)
    throw new UserError(`${location}: _id must be a text or a whole number that is exact; got ${shown(given)}`);
  const [title, text] = [textOf(row['title'] ?? ''), textOf(row['text'])];
  if (title === null) throw new UserError(`${location}: title must be text; got ${shown(row['title'])}`);
  if (text === null) throw new UserError(`${location}: text must be text; got ${shown(row['text'])}`);
  return { id, title: titles === 'use' ? title : '', text };
}

const saysNothing = ({ title, text }: Passage) => isBlank(title) && isBlank(text);

/** The beginning of a value that cannot be used. */
function shown(value: unknown): string {
  if (value instanceof Uint8Array) return 'bytes that are no UTF-8';
  const text = typeof value === 'bigint' ? String(value) : String(JSON.stringify(value));
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

function corpusHash(ids: IdTable, shards: readonly CorpusShard[]): string {
  const { bytes, begins } = ids.packed();
  const hash = createHash('sha256').update(bytes).update(begins);
  for (const shard of shards) hash.update(shard.hash);
  return hash.digest('hex');
}

/** Lengths keep apart what would read the same one after another. */
function addTexts(hash: Hash, { id: _, title = '', text, ...more }: Content): void {
  hash.update(`${title.length} ${text.length} `).update(title).update(text);
  for (const [name, value] of Object.entries(more).sort(([one], [two]) => (one < two ? -1 : 1))) {
    if (value === undefined) continue;
    const bytes = value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value));
    hash.update(`${JSON.stringify(name)} ${bytes.length} `).update(bytes);
  }
}
