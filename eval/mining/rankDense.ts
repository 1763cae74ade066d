import { UserError } from '../../configs/userError.js';
import type { ImageFile } from '../../data/arrow/images/imageFile.js';
import type { Example } from '../../data/example/example.js';
import { availableMemory } from '../../model/machine.js';
import { defaultCacheBytes, type DenseOptions } from '../dense/denseRetriever.js';
import { embeddingsRoot, openEmbeddingCache, type EmbeddedBy, type EmbeddingCache } from '../dense/embeddingCache.js';
import { memoryCache } from '../dense/memoryCache.js';
import { openSearch } from '../dense/search.js';
import { keptShard, shardVectors, type MakeVectors } from '../dense/shardVectors.js';
import { asKept, formatBytes, formatFor } from '../dense/vectorFormat.js';
import type { Encoder } from '../encoder/encoder.js';
import type { RankedExample } from './chooseNegatives.js';
import { imageSources, type MiningCorpus } from './miningCorpus.js';

/** Queries that are searched for together: each such block reads the corpus's embeddings once. */
const usualQueriesAtATime = 8192;

/** What mining may take of the memory that is free, where embeddings cannot be kept on the disk. */
const memoryShare = 0.5;

export interface ModelMiningOptions extends DenseOptions {
  /** Other than the usual number in tests alone. */
  queriesAtATime?: number;
  /** Bytes that embeddings may take in memory where the disk cannot keep them; half of what is free unless given. */
  memoryBytes?: number;
}

/**
 * Rank the corpus for each example by a model, exactly. Embeddings are kept on the disk as evaluation keeps them, or in
 * memory where the disk cannot, so that each passage is embedded once.
 * @param depth   passages kept for each query
 * @param images  of the examples, where they have any
 * @throws UserError when neither the disk nor the memory can keep them, before any is made
 */
export async function* rankDense(
  examples: AsyncIterable<Example> | Iterable<Example>,
  { corpus, positiveRows, knownRows }: MiningCorpus,
  encoder: Encoder,
  depth: number,
  options: ModelMiningOptions,
  images?: ImageFile,
): AsyncGenerator<RankedExample> {
  const { format = formatFor(encoder.contract.precision), queriesAtATime = usualQueriesAtATime } = options;
  const { name, dimensions } = encoder;
  const cache = await openCache({ name, identity: encoder.identity(), dimensions, format }, corpus.shards, options);
  try {
    for await (const block of blocksOf(examples, queriesAtATime)) {
      const queries = await encoder.encode(
        'query',
        block.map(({ query, queryImages }) => ({
          text: query,
          ...(queryImages && { images: imageSources(queryImages, images!) }),
        })),
      );
      const rows = block.map(positiveRows);
      const scores = rows.map((places) => places.map((): number | undefined => undefined));
      const search = openSearch(queries, dimensions, depth);
      try {
        const make: MakeVectors = async (texts, _, begun) =>
          asKept(await encoder.encode('passage', texts, undefined, begun), format);
        for await (const { firstRow, vectors } of shardVectors(corpus, cache, make)) {
          search.add(firstRow, vectors);
          const end = firstRow + vectors.length / dimensions;
          rows.forEach((places, query) =>
            places.forEach((row, positive) => {
              if (row !== undefined && row >= firstRow && row < end)
                scores[query]![positive] = product(queries, query, vectors, row - firstRow, dimensions);
            }),
          );
          await new Promise(setImmediate); // lets progress and interruption through
        }
        let query = 0;
        for (const hits of search.take()) {
          const example = block[query]!;
          yield { example, hits, positiveScores: scores[query++]!, knownRows: knownRows(example) };
        }
      } finally {
        search.close();
      }
    }
  } finally {
    cache.close();
  }
}

/** Every block of queries reads all embeddings, so they must be kept somewhere. */
async function openCache(
  by: EmbeddedBy,
  shards: MiningCorpus['corpus']['shards'],
  { cacheBytes = defaultCacheBytes, root = embeddingsRoot, memoryBytes, warn = () => {} }: ModelMiningOptions,
): Promise<EmbeddingCache> {
  let why = 'the limit is 0';
  if (cacheBytes > 0) {
    const cache = await openEmbeddingCache(root, by, cacheBytes, shards.map(keptShard), warn);
    if (cache.refusal === undefined) return cache;
    why = cache.refusal;
    cache.close();
  }
  const bytes = shards.reduce((sum, { rows }) => sum + rows, 0) * by.dimensions * formatBytes(by.format);
  const allowed = memoryBytes ?? memoryShare * availableMemory();
  const told = `the passages' embeddings take ${gigabytes(bytes)} GB, which the disk cannot keep: ${why}`;
  if (bytes > allowed)
    throw new UserError(
      `${told}; nor can memory, of which ${gigabytes(allowed)} GB may be taken; make room for them, or mine with bm25`,
    );
  warn(`${told}; they are held in memory`);
  return memoryCache(by);
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toPrecision(3);

async function* blocksOf<T>(items: AsyncIterable<T> | Iterable<T>, size: number): AsyncGenerator<T[]> {
  let block: T[] = [];
  for await (const item of items) {
    block.push(item);
    if (block.length < size) continue;
    yield block;
    block = [];
  }
  if (block.length > 0) yield block;
}

function product(queries: Float32Array, query: number, vectors: Float32Array, row: number, dimensions: number): number {
  let sum = 0;
  for (let at = 0; at < dimensions; at++) sum += queries[query * dimensions + at]! * vectors[row * dimensions + at]!;
  return Math.fround(sum);
}
