import type { Pool } from './pool.js';
import type { TokenizerThreads } from './tokenizerThreads.js';

/** A pool whose texts have become token ids under a contract. */
export interface TokenPool extends Omit<Pool, 'queries' | 'passages'> {
  queries: Int32Array[];
  passages: Int32Array[];
}

/**
 * Tokenize pools in the background, in their order.
 * @param ahead  pools composed and tokenized before they are asked for; 0 or more
 */
export async function* tokenPools(
  pools: AsyncIterable<Pool>,
  threads: TokenizerThreads,
  ahead: number,
): AsyncGenerator<TokenPool> {
  const source = pools[Symbol.asyncIterator]();
  const coming: Promise<TokenPool | null>[] = [];
  const request = () => {
    const pool = source.next().then(({ done, value }) => (done ? null : tokenizePool(value, threads)));
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

async function tokenizePool(pool: Pool, threads: TokenizerThreads): Promise<TokenPool> {
  const [queries, passages] = await Promise.all([
    threads.tokenize(
      'query',
      pool.queries.map((text) => ({ text })),
    ),
    threads.tokenize('passage', pool.passages),
  ]);
  return { ...pool, queries, passages };
}
