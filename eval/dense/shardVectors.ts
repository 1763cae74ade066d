import { setTimeout } from 'node:timers/promises';
import { savingFirst } from '../../configs/cli/endWhenAsked.js';
import type { Passage } from '../../data/example/example.js';
import type { Corpus, CorpusShard } from '../../data/task/corpus.js';
import type { PartialEmbeddings } from '../encoder/encoder.js';
import type { EmbeddingCache, KeptTexts } from './embeddingCache.js';

/** What an encoder makes of some texts. @param begun  what is there of it, and takes what is made */
export type MakeVectors = (texts: readonly Passage[], done: number, begun?: PartialEmbeddings) => Promise<Float32Array>;

/** What is kept of a shard of passages. */
export const keptShard = ({ hash, rows }: CorpusShard): KeptTexts => ({ key: `passage${hash}`, rows });

/** How often it is looked whether another process has made what it took on. */
const lookEveryMs = 100;

/**
 * The embeddings of every shard of a corpus: kept ones are read, missing ones made and kept. What another process has
 * taken on is left for later, so that several share the work; shards may therefore come in any order. Texts are read for
 * missing embeddings alone, one shard ahead.
 * @param make  told how many passages were yielded before
 */
export async function* shardVectors(
  corpus: Corpus,
  cache: EmbeddingCache | undefined,
  make: MakeVectors,
): AsyncGenerator<{ firstRow: number; vectors: Float32Array }> {
  const firstRows: number[] = [0];
  for (const { rows } of corpus.shards) firstRows.push(firstRows.at(-1)! + rows);
  let left = [...corpus.shards.keys()];
  let done = 0;
  while (left.length > 0) {
    const later: number[] = [];
    for await (const { shard, vectors } of onePass(corpus, left, cache, later, (texts, begun) =>
      make(texts, done, begun),
    )) {
      done += corpus.shards[shard]!.rows;
      yield { firstRow: firstRows[shard]!, vectors };
    }
    if (later.length === left.length) await setTimeout(lookEveryMs);
    left = later;
  }
}

/** The embeddings of texts that are not parts of a corpus: kept ones, or made now unless another process is at it. */
export async function keptOrMade(
  cache: EmbeddingCache | undefined,
  texts: KeptTexts,
  make: (begun?: PartialEmbeddings) => Promise<Float32Array>,
): Promise<Float32Array> {
  for (;;) {
    const kept = await cache?.read(texts);
    if (kept) return kept;
    if (!cache || cache.claim(texts)) return await makeAndKeep(cache, texts, make);
    await setTimeout(lookEveryMs);
  }
}

/**
 * Make and keep what is missing of a corpus, shard by shard, until all is kept or another process is at it. Nothing is
 * waited for.
 */
export async function keepMissing(
  corpus: Corpus,
  cache: EmbeddingCache,
  make: (texts: readonly Passage[], begun?: PartialEmbeddings) => Promise<Float32Array>,
): Promise<void> {
  const decided = new Map<number, boolean>();
  const isToBeRead = (shard: number) => {
    const texts = keptShard(corpus.shards[shard]!);
    if (!decided.has(shard)) decided.set(shard, !cache.has(texts) && !cache.isClaimed(texts));
    return decided.get(shard)!;
  };
  if (!corpus.shards.some((_, shard) => !cache.has(keptShard(corpus.shards[shard]!)))) return; // nor read through
  for await (const { shard, passages } of corpus.read(isToBeRead)) {
    const texts = keptShard(corpus.shards[shard]!);
    if (cache.claim(texts)) await makeAndKeep(cache, texts, (begun) => make(passages, begun));
    if (cache.refusal !== undefined) return; // what is not kept helps nobody
  }
}

/** The same of texts that are not parts of a corpus. */
export async function keepIfMissing(
  cache: EmbeddingCache,
  texts: KeptTexts,
  make: (begun?: PartialEmbeddings) => Promise<Float32Array>,
): Promise<void> {
  if (!cache.has(texts) && cache.claim(texts)) await makeAndKeep(cache, texts, make);
}

/**
 * Go through shards once.
 * @param later  takes those that another process is making, and those whose kept embeddings turned out to be damaged
 */
async function* onePass(
  corpus: Corpus,
  shards: readonly number[],
  cache: EmbeddingCache | undefined,
  later: number[],
  make: (texts: readonly Passage[], begun?: PartialEmbeddings) => Promise<Float32Array>,
): AsyncGenerator<{ shard: number; vectors: Float32Array }> {
  const wanted = new Set(shards);
  const decided = new Map<number, boolean>();
  /** Decided once for each shard, when its turn comes or its texts could be read. It is claimed in its turn alone. */
  const isToBeRead = (shard: number): boolean => {
    const texts = keptShard(corpus.shards[shard]!);
    if (!decided.has(shard)) decided.set(shard, !cache || (!cache.has(texts) && !cache.isClaimed(texts)));
    return decided.get(shard)!;
  };
  const reader = corpus.read((shard) => wanted.has(shard) && isToBeRead(shard));
  const readNext = () => {
    const next = reader.next();
    next.catch(() => {}); // it is thrown where it is awaited, if the work gets there
    return next;
  };
  let next: ReturnType<typeof readNext> | undefined;
  try {
    for (const shard of shards) {
      const texts = keptShard(corpus.shards[shard]!);
      if (isToBeRead(shard)) {
        const { passages } = (await (next ?? readNext())).value as { passages: Passage[] };
        next = readNext();
        if (!cache || cache.claim(texts)) {
          yield { shard, vectors: await makeAndKeep(cache, texts, (begun) => make(passages, begun)) };
          continue;
        }
      }
      const vectors = await cache!.read(texts);
      if (vectors) yield { shard, vectors };
      else later.push(shard);
    }
  } finally {
    await reader.return(undefined);
  }
}

/** Where the work is given up, what is made by then is kept for the next process. */
async function makeAndKeep(
  cache: EmbeddingCache | undefined,
  texts: KeptTexts,
  make: (begun?: PartialEmbeddings) => Promise<Float32Array>,
): Promise<Float32Array> {
  const parts = cache?.parts;
  if (!parts) {
    const vectors = await make();
    await cache?.write(texts, vectors);
    return vectors;
  }
  return savingFirst(async () => {
    const begun = await parts.read(texts);
    const vectors = await make(begun).catch(async (error: unknown) => {
      await parts.write(texts, begun);
      throw error;
    });
    await cache.write(texts, vectors);
    return vectors;
  });
}
