import { contractHash } from '../../checkpoints/contract/contractFile.js';
import type { TextKind } from '../../configs/contract.js';
import { defaultCacheGigabytes } from '../../configs/schema.js';
import { shardRows, textsHash } from '../../data/task/corpus.js';
import type { Encoder, PartialEmbeddings, TextToEncode } from '../encoder/encoder.js';
import { packedRun } from '../measure/packedRun.js';
import type { Retriever } from '../measure/ranking.js';
import { embeddingsRoot, notKept, openEmbeddingCache } from './embeddingCache.js';
import { keptOrMade, keptShard, shardVectors, type MakeVectors } from './shardVectors.js';
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
): Retriever {
  const { name, dimensions } = encoder;
  const identity = encoder.identity();
  return {
    name: `${name} contract=${contractHash(encoder.contract).slice(0, 12)} vectors=${format}`,
    identity: `${identity} ${format}`,
    async retrieve({ corpus, queries }, depth, onProgress = () => {}) {
      const all = queries.length + corpus.ids.size;
      const blocks = blocksOf(queries, queriesTogether);
      const asked = blocks.map((block) => ({ key: `query${textsHash(block)}`, rows: block.length }));
      const wanted = [...asked, ...corpus.shards.map(keptShard)];
      const by = { name, identity, dimensions, format };
      const cache = cacheBytes > 0 ? await openEmbeddingCache(root, by, cacheBytes, wanted, warn) : undefined;
      if (cache?.refusal !== undefined) warn(notKept(cache.refusal));
      const encode = async (
        kind: TextKind,
        texts: readonly TextToEncode[],
        before: number,
        begun?: PartialEmbeddings,
      ) => asKept(await encoder.encode(kind, texts, (done) => onProgress(before + done, all), begun), format);
      const searches: Search[] = [];
      try {
        let done = 0;
        for (const [index, block] of blocks.entries()) {
          const vectors = await keptOrMade(cache, asked[index]!, (begun) => encode('query', block, done, begun));
          searches.push(openSearch(vectors, dimensions, depth));
          onProgress((done += block.length), all);
        }
        const make: MakeVectors = (passages, before, begun) =>
          encode('passage', passages, queries.length + before, begun);
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
