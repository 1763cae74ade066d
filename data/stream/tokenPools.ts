import type { Pool } from './pool.js';
import type { Origin } from './shuffle.js';
import type { TokenCache } from '../tokenCache/openTokenCache.js';
import type { TokenizerThreads } from '../tokenizer/threads.js';

/** A pool whose texts have become token ids under a contract, with a mark in the place of each image. */
export interface TokenPool extends Omit<Pool, 'queries' | 'passages'> {
  queries: Int32Array[];
  passages: Int32Array[];
  /** Of each text the hashes of its images; absent where no text has any. */
  images?: Record<'queries' | 'passages', (readonly string[])[]>;
}

/**
 * Turn pools into tokens in the background, in their order.
 * @param ahead   pools composed and tokenized before they are asked for; 0 or more
 * @param caches  of each training file its kept tokens, where there are any: their texts are not tokenized again
 */
export async function* tokenPools(
  pools: AsyncIterable<Pool>,
  threads: Pick<TokenizerThreads, 'tokenize'>,
  ahead: number,
  caches: readonly (TokenCache | undefined)[] = [],
): AsyncGenerator<TokenPool> {
  const source = pools[Symbol.asyncIterator]();
  const coming: Promise<TokenPool | null>[] = [];
  const request = () => {
    const pool = source.next().then(({ done, value }) => (done ? null : tokenizePool(value, threads, caches)));
    pool.catch(() => {}); // thrown where it is awaited, in its turn
    coming.push(pool);
  };
  try {
    for (;;) {
      while (coming.length <= ahead) request();
      const pool = await coming.shift()!;
      if (pool === null) return;
      yield pool;
    }
  } finally {
    await Promise.allSettled(coming);
    await source.return?.();
  }
}

async function tokenizePool(
  pool: Pool,
  threads: Pick<TokenizerThreads, 'tokenize'>,
  caches: readonly (TokenCache | undefined)[],
): Promise<TokenPool> {
  const kept = await keptRows(pool, caches);
  const tokensOf = ({ source, row }: Origin) => kept.get(`${source} ${row}`);
  const { queries: queryOrigins, passages: passageOrigins } = pool.origins;
  const [queries, passages] = await Promise.all([
    fill(
      queryOrigins.map((origin) => tokensOf(origin)?.[0]),
      (missing) =>
        threads.tokenize(
          'query',
          missing.map((query) => pool.queries[query]!),
        ),
    ),
    fill(
      passageOrigins.map((origin) => tokensOf(origin)?.[1 + origin.passage]),
      (missing) =>
        threads.tokenize(
          'passage',
          missing.map((passage) => pool.passages[passage]!),
        ),
    ),
  ]);
  const images = {
    queries: pool.queries.map(({ images = [] }) => images),
    passages: pool.passages.map(({ images = [] }) => images),
  };
  const hasImages = [...images.queries, ...images.passages].some(({ length }) => length > 0);
  return { ...pool, queries, passages, ...(hasImages && { images }) };
}

/** The kept tokens of every row that the pool takes texts from. */
async function keptRows({ origins }: Pool, caches: readonly (TokenCache | undefined)[]) {
  const kept = new Map<string, Int32Array[] | undefined>();
  for (const { source, row } of [...origins.queries, ...origins.passages]) {
    const cache = caches[source];
    const name = `${source} ${row}`;
    if (cache && !kept.has(name)) kept.set(name, await cache.read(row));
  }
  return kept;
}

/** Fill the gaps of a list with the tokens of those texts. */
async function fill(
  kept: (Int32Array | undefined)[],
  tokenize: (places: number[]) => Promise<Int32Array[]>,
): Promise<Int32Array[]> {
  const missing = [...kept.keys()].filter((place) => kept[place] === undefined);
  const made = missing.length === 0 ? [] : await tokenize(missing);
  missing.forEach((place, index) => (kept[place] = made[index]));
  return kept as Int32Array[];
}
