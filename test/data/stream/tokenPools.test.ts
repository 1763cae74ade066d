import assert from 'node:assert/strict';
import { onceEach } from '../../../data/stream/candidateCounts.js';
import type { Pool } from '../../../data/stream/pool.js';
import type { TokenCache } from '../../../data/tokenCache/openTokenCache.js';
import { tokenPools } from '../../../data/stream/tokenPools.js';
import type { TokenizerThreads } from '../../../data/tokenizer/threads.js';

const pool = (index: number): Pool => ({
  queries: [{ text: `${index}` }],
  passages: [{ title: 'T', text: `${index}0` }],
  targets: [0],
  counts: onceEach(1, 1),
  masked: { byId: index, byText: 0 },
  origins: { queries: [{ source: 0, row: index }], passages: [{ source: 0, row: index, passage: 1 }] },
  next: { epoch: 0, window: 0, row: index + 1 },
});
/** "Tokenizes" numbers written as text; later work is done first. */
const threads: TokenizerThreads = {
  async tokenize(kind, texts) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, 12 - 3 * Number(texts[0]!.text))));
    return texts.map(({ text, title }) =>
      Int32Array.of(kind === 'query' ? 1 : 2, title === undefined ? 0 : 1, Number(text)),
    );
  },
  close: async () => {},
};
/** Counts how many pools were asked for, and whether the source was ended. */
function source(count: number, failAt = Infinity) {
  const state = { pulled: 0, ended: false };
  async function* pools() {
    try {
      for (; state.pulled < count;) {
        if (state.pulled === failAt) throw new Error('no negatives');
        yield pool(state.pulled++);
      }
    } finally {
      state.ended = true;
    }
  }
  return { state, pools: pools() };
}

describe('tokenPools', () => {
  it('gives every pool in order with its tokens and everything else it holds', async () => {
    const { pools } = source(5);
    const given = [];
    for await (const one of tokenPools(pools, threads, 3)) given.push(one);
    assert.deepEqual(
      given,
      [0, 1, 2, 3, 4].map((index) => ({
        ...pool(index),
        queries: [Int32Array.of(1, 0, index)],
        passages: [Int32Array.of(2, 1, index * 10)],
      })),
    );
  });

  it('asks for as many pools ahead as it may and no more', async () => {
    const { pools, state } = source(20);
    const stream = tokenPools(pools, threads, 2);
    assert.equal(state.pulled, 0);
    await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(state.pulled, 3);
    await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(state.pulled, 4);
    await stream.return(undefined);
    assert.ok(state.ended);
  });

  it('throws an error of the source when its turn comes, and ends the source', async () => {
    const { pools, state } = source(20, 2);
    const stream = tokenPools(pools, threads, 4);
    assert.equal(((await stream.next()).value as { masked: { byId: number } }).masked.byId, 0);
    assert.equal(((await stream.next()).value as { masked: { byId: number } }).masked.byId, 1);
    await assert.rejects(stream.next(), /no negatives/);
    assert.ok(state.ended);
  });

  it('takes kept tokens by row and place, and tokenizes what is not kept', async () => {
    const kept: TokenCache = {
      facts: {} as TokenCache['facts'],
      // Of row 1 nothing can be read.
      read: async (row) => (row === 1 ? undefined : [7, 8, 9].map((id) => Int32Array.of(100 * row + id))),
      close: async () => {},
    };
    const given = [];
    for await (const one of tokenPools(source(3).pools, threads, 0, [kept])) given.push([one.queries, one.passages]);
    assert.deepEqual(given, [
      [[Int32Array.of(7)], [Int32Array.of(9)]], // the query, and the passage after the first
      [[Int32Array.of(1, 0, 1)], [Int32Array.of(2, 1, 10)]],
      [[Int32Array.of(207)], [Int32Array.of(209)]],
    ]);
  });
});
