import { createHash, type Hash } from 'node:crypto';
import { UserError } from '../../configs/userError.js';
import type { ImageSource } from '../image/imageSource.js';
import { measureImage } from '../image/decodeImage.js';
import { isBlank } from '../example/row/textOf.js';
import { documentOf, type CorpusPassage, type DocumentUse } from './documents.js';
import { createIdTable, type IdTable } from './idTable.js';
import { readRows } from './readRows.js';

/** Consecutive passages of a corpus that are read, encoded and kept together. */
export interface CorpusShard {
  rows: number;
  /** SHA-256, hexadecimal, of titles, texts and images in their order; ids do not enter it. */
  hash: string;
}

/** The passages that a task searches: ids are in memory, texts are read when they are needed. */
export interface Corpus {
  ids: IdTable;
  /** All but the last have `shardRows` passages, or fewer where these have large images. */
  shards: CorpusShard[];
  /** SHA-256, hexadecimal, of ids and texts. */
  hash: string;
  /** Passages of which neither title nor text says anything, and which have no image. */
  blank: number;
  /** Passages that have images, and those of which title or text says something. */
  pictured: number;
  worded: number;
  /** Read the shards that are wanted, all unless said otherwise, in their order. */
  read(isWanted?: (shard: number) => boolean): AsyncGenerator<{ shard: number; passages: CorpusPassage[] }>;
}

/** Passages of a shard: enough that sorting them by length leaves little padding, few enough to be held in memory. */
export const shardRows = 16_384;

/** Encoded images of a shard: those of a table are in memory with it. */
const shardBytes = 2 ** 26;

/** What one reading of a corpus finds out. */
export interface CorpusScan {
  ids: IdTable;
  shards: CorpusShard[];
  blank: number;
  pictured: number;
  worded: number;
}

/**
 * Read through corpus files once.
 * @param rowsPerShard  other than the usual number in tests alone
 * @throws UserError naming the line that cannot be used or repeats an id, the image that cannot be read, or that there is no
 *   passage at all
 */
export async function scanCorpus(
  files: readonly string[],
  use: DocumentUse,
  rowsPerShard: number,
): Promise<CorpusScan> {
  const ids = createIdTable();
  const shards: CorpusShard[] = [];
  let [rows, bytes, blank, pictured, worded] = [0, 0, 0, 0, 0];
  let hash = createHash('sha256');
  const weigh = async (encoded: Uint8Array) => {
    await measureImage(encoded);
    bytes += encoded.length;
  };
  for await (const row of readRows(files, ['id', 'text'])) {
    const document = documentOf(row, use, weigh);
    const passage = document instanceof Promise ? await document : document; // no turn of the event loop for a text
    if (!ids.add(passage.id))
      throw new UserError(`${row.location} repeats the document id ${passage.id}; remove one of them`);
    addTexts(hash, passage);
    if (passage.images) pictured++;
    if (!saysNothing(passage)) worded++;
    else if (!passage.images) blank++;
    if (++rows === rowsPerShard || bytes >= shardBytes) {
      shards.push({ rows, hash: hash.digest('hex') });
      [rows, bytes, hash] = [0, 0, createHash('sha256')];
    }
  }
  if (rows > 0) shards.push({ rows, hash: hash.digest('hex') });
  if (ids.size === 0) throw new UserError(`${files[0]} is empty; get it again`);
  return { ids, shards, blank, pictured, worded };
}

/** A corpus in files, of which one reading is known. Texts that changed since are noticed when they are read. */
export function scannedCorpus(
  files: readonly string[],
  use: DocumentUse,
  { ids, shards, ...counts }: CorpusScan,
): Corpus {
  return {
    ids,
    shards,
    hash: corpusHash(ids, shards),
    ...counts,
    async *read(isWanted = () => true) {
      const changed = () => new UserError(`${files[0]} changed while it was read; run again`);
      let [shard, read] = [0, 0];
      let passages: CorpusPassage[] = [];
      for await (const row of readRows(files, ['id', 'text'])) {
        const expected = shards[shard];
        if (!expected) throw changed();
        if (isWanted(shard)) {
          const document = documentOf(row, use);
          passages.push(document instanceof Promise ? await document : document);
        }
        if (++read < expected.rows) continue;
        if (isWanted(shard)) {
          if (textsHash(passages) !== expected.hash) throw changed();
          yield { shard, passages };
        }
        [shard, read, passages] = [shard + 1, 0, []];
      }
      if (shard < shards.length) throw changed();
    },
  };
}

/** A corpus that is in memory. @throws UserError when an id comes twice */
export function memoryCorpus(passages: readonly CorpusPassage[], rowsPerShard = shardRows): Corpus {
  const ids = createIdTable();
  for (const { id } of passages)
    if (!ids.add(id)) throw new UserError(`the document id ${id} comes twice; remove one of them`);
  const parts: CorpusPassage[][] = [];
  for (let from = 0; from < passages.length; from += rowsPerShard)
    parts.push(passages.slice(from, from + rowsPerShard));
  const shards = parts.map((part) => ({ rows: part.length, hash: textsHash(part) }));
  return {
    ids,
    shards,
    hash: corpusHash(ids, shards),
    blank: passages.filter((passage) => saysNothing(passage) && !passage.images).length,
    pictured: passages.filter(({ images }) => images).length,
    worded: passages.filter((passage) => !saysNothing(passage)).length,
    async *read(isWanted = () => true) {
      for (const [shard, part] of parts.entries()) if (isWanted(shard)) yield { shard, passages: part };
    },
  };
}

/** What an embedding is made of. Its id names it and decides nothing; whatever else it holds does, images by their content. */
export interface Content {
  id?: string;
  title?: string;
  text: string;
  images?: readonly Pick<ImageSource, 'sha256'>[];
}

/** SHA-256, hexadecimal, of all that texts hold but their ids, in their order. */
export function textsHash(texts: readonly Content[]): string {
  const hash = createHash('sha256');
  for (const text of texts) addTexts(hash, text);
  return hash.digest('hex');
}

const saysNothing = ({ title, text }: CorpusPassage) => isBlank(title) && isBlank(text);

function corpusHash(ids: IdTable, shards: readonly CorpusShard[]): string {
  const { bytes, begins } = ids.packed();
  const hash = createHash('sha256').update(bytes).update(begins);
  for (const shard of shards) hash.update(shard.hash);
  return hash.digest('hex');
}

/** Lengths keep apart what would read the same one after another. */
function addTexts(hash: Hash, { id: _, title = '', text, images, ...more }: Content): void {
  hash.update(`${title.length} ${text.length} `).update(title).update(text);
  const others = { ...more, images: images?.map(({ sha256 }) => sha256) };
  for (const [name, value] of Object.entries<unknown>(others).sort(([one], [two]) => (one < two ? -1 : 1))) {
    if (value === undefined) continue;
    const bytes = value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value));
    hash.update(`${JSON.stringify(name)} ${bytes.length} `).update(bytes);
  }
}
