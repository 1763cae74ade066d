import { contractHash } from '../../checkpoints/contract/contractFile.js';
import type { TextKind } from '../../configs/contract.js';
import { defaultCacheGigabytes } from '../../configs/schema.js';
import { shardRows, textsHash } from '../../data/task/corpus.js';
import type { RetrievalTask } from '../../data/task/readTask.js';
import type { Encoder, PartialEmbeddings, TextToEncode } from '../encoder/encoder.js';
import { packedRun } from '../measure/packedRun.js';
import type { Retriever } from '../measure/ranking.js';
import { embeddingsRoot, notKept, openEmbeddingCache } from './embeddingCache.js';
import { keepIfMissing, keepMissing, keptOrMade, keptShard, shardVectors, type MakeVectors } from './shardVectors.js';
import { openSearch, type Search } from './search.js';
import { asKept, formatFor, type VectorFormat } from './vectorFormat.js';

export interface DenseOptions {
  /** How embeddings are kept and searched; as precise as the contract's arithmetic deserves unless given. */
  format?: VectorFormat | undefined;
  /** What embeddings of all models may take on the disk; 0 keeps none. */
  cacheBytes?: number;
  /** Where they are kept. */
  root?: string;
  /** Told when they cannot be kept. */
  warn?: (text: string) => void;
  /** Queries encoded and kept together, other than the usual number in tests alone. */
  queriesTogether?: number;
}

/** Queries that are encoded and kept together, as many as passages are: no array grows with a task. */
const usualQueriesTogether = shardRows;

/** Kept unless said otherwise. */
export const defaultCacheBytes = defaultCacheGigabytes * 1e9;

/** Ranks by embeddings, which several processes may make together. */
export interface DenseRetriever extends Retriever {
  /**
   * Make and keep the embeddings that ranking a task will ask for, as far as no other process is at it, for a process
   * that ranks beside this one. Nothing is done where none can be kept.
   */
  embed(task: Pick<RetrievalTask, 'corpus' | 'queries'>): Promise<void>;
}

/**
 * A retriever that ranks every passage of a task by the inner product of its embedding with the query's. The corpus
 * passes shard by shard: read, encoded, kept, searched. Embeddings that are kept are not made again, so that work that
 * was interrupted goes on at the first missing shard, and several processes share what is missing. Of equal scores the
 * passage that comes first in the corpus is kept.
 */
export function denseRetriever(
  encoder: Encoder,
  {
    format = formatFor(encoder.contract.precision),
    cacheBytes = defaultCacheBytes,
    root = embeddingsRoot,
    warn = () => {},
    queriesTogether = usualQueriesTogether,
  }: DenseOptions = {},
): DenseRetriever {
  const { name, dimensions } = encoder;
  const identity = encoder.identity();
  const open = async ({ corpus, queries }: Pick<RetrievalTask, 'corpus' | 'queries'>) => {
    const blocks = blocksOf(queries, queriesTogether).map((block) => ({
      block,
      kept: { key: `query${textsHash(block)}`, rows: block.length },
    }));
    const wanted = [...blocks.map(({ kept }) => kept), ...corpus.shards.map(keptShard)];
    const by = { name, identity, dimensions, format };
    return { blocks, cache: cacheBytes > 0 ? await openEmbeddingCache(root, by, cacheBytes, wanted, warn) : undefined };
  };
  const encode = async (
    kind: TextKind,
    texts: readonly TextToEncode[],
    begun?: PartialEmbeddings,
    onProgress?: (done: number) => void,
  ) => asKept(await encoder.encode(kind, texts, onProgress, begun), format);
  return {
    name: `${name} contract=${contractHash(encoder.contract).slice(0, 12)} vectors=${format}`,
    identity: `${identity} ${format}`,
    async embed(task) {
      const { blocks, cache } = await open(task);
      try {
        if (!cache || cache.refusal !== undefined) return;
        for (const { block, kept } of blocks)
          await keepIfMissing(cache, kept, (begun) => encode('query', block, begun));
        await keepMissing(task.corpus, cache, (passages, begun) => encode('passage', passages, begun));
      } finally {
        cache?.close();
      }
    },
    async retrieve({ corpus, queries }, depth, onProgress = () => {}) {
      const all = queries.length + corpus.ids.size;
      const { blocks, cache } = await open({ corpus, queries });
      if (cache?.refusal !== undefined) warn(notKept(cache.refusal));
      const toldAfter = (before: number) => (done: number) => onProgress(before + done, all);
      const searches: Search[] = [];
      try {
        let done = 0;
        for (const { block, kept } of blocks) {
          const make = (begun?: PartialEmbeddings) => encode('query', block, begun, toldAfter(done));
          searches.push(openSearch(await keptOrMade(cache, kept, make), dimensions, depth));
          onProgress((done += block.length), all);
        }
        const make: MakeVectors = (passages, before, begun) =>
          encode('passage', passages, begun, toldAfter(queries.length + before));
        for await (const { firstRow, vectors } of shardVectors(corpus, cache, make)) {
          for (const search of searches) search.add(firstRow, vectors);
          onProgress((done += vectors.length / dimensions), all);
          await new Promise(setImmediate); // lets progress and interruption through
        }
        const run = packedRun(corpus.ids);
        for (const search of searches) {
          for (const hits of search.take()) run.add(queries[run.size]!.id, hits);
          search.close(); // its part of the memory goes as the run grows
        }
        return run;
      } finally {
        for (const search of searches) search.close();
        cache?.close();
      }
    },
  };
}

function blocksOf<T>(items: readonly T[], size: number): T[][] {
  const blocks: T[][] = [];
  for (let from = 0; from < items.length; from += size) blocks.push(items.slice(from, from + size));
  return blocks;
}
