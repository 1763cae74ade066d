import type { Example } from '../../data/example/example.js';
import type { Corpus } from '../../data/task/corpus.js';
import type { RankedExample } from './chooseNegatives.js';
import { defaultCacheBytes, type DenseOptions } from '../dense/denseRetriever.js';
import { embeddingsRoot, openEmbeddingCache, type EmbeddingCache } from '../dense/embeddingCache.js';
import type { Encoder } from '../encoder/encoder.js';
import type { MiningCorpus } from './miningCorpus.js';
import { openSearch } from '../dense/search.js';
import { formatFor, packVectors, unpackVectors, type VectorFormat } from '../dense/vectorFormat.js';

/** Queries that are searched for together: each such block reads the corpus's embeddings once. */
const queriesAtATime = 8192;

/**
 * Rank the corpus for each example by a model, exactly. Embeddings are kept on the disk as evaluation keeps them, or in
 * memory where the disk is not to be used, so that each passage is embedded once.
 * @param depth  passages kept for each query
 */
export async function* rankDense(
  examples: AsyncIterable<Example> | Iterable<Example>,
  { corpus, positiveRows, knownRows }: MiningCorpus,
  encoder: Encoder,
  depth: number,
  {
    format = formatFor(encoder.contract.precision),
    cacheBytes = defaultCacheBytes,
    root = embeddingsRoot,
  }: DenseOptions,
): AsyncGenerator<RankedExample> {
  const { name, dimensions } = encoder;
  const by = { name, identity: encoder.identity(), dimensions, format };
  const vectorsOf = await keptVectors(
    corpus,
    encoder,
    format,
    await openEmbeddingCache(root, by, cacheBytes, corpus.ids.size),
  );
  for await (const block of blocksOf(examples, queriesAtATime)) {
    const queries = await encoder.encode(
      'query',
      block.map(({ query }) => ({ text: query })),
    );
    const rows = block.map(positiveRows);
    const scores = rows.map((places) => places.map((): number | undefined => undefined));
    const search = openSearch(queries, dimensions, depth);
    try {
      let first = 0;
      for (const [shard, { rows: count }] of corpus.shards.entries()) {
        const vectors = await vectorsOf(shard);
        search.add(first, vectors);
        rows.forEach((places, query) =>
          places.forEach((row, positive) => {
            if (row !== undefined && row >= first && row < first + count)
              scores[query]![positive] = product(queries, query, vectors, row - first, dimensions);
          }),
        );
        first += count;
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
}

/** The embeddings of a shard: kept ones, or made now and kept. */
async function keptVectors(corpus: Corpus, encoder: Encoder, format: VectorFormat, cache: EmbeddingCache | undefined) {
  const inMemory = new Map<number, Float32Array>();
  return async (shard: number): Promise<Float32Array> => {
    const { hash, rows } = corpus.shards[shard]!;
    const kept = inMemory.get(shard) ?? (await cache?.read(`passage${hash}`, rows));
    if (kept) return kept;
    let vectors = new Float32Array(0);
    for await (const { passages } of corpus.read((each) => each === shard))
      vectors = new Float32Array(await encoder.encode('passage', passages));
    // As they would come back from the disk, so that kept and new embeddings give the same scores.
    if (format !== 'float32') vectors = new Float32Array(unpackVectors(packVectors(vectors, format), format));
    if (cache) await cache.write(`passage${hash}`, vectors);
    else inMemory.set(shard, vectors);
    return vectors;
  };
}

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
