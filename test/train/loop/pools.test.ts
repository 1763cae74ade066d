import assert from 'node:assert/strict';
import { parseConfig } from '../../../configs/load/loadConfig.js';
import type { ExampleFile } from '../../../data/arrow/openExamples.js';
import type { Pool } from '../../../data/stream/pool.js';
import type { Position } from '../../../data/stream/shuffle.js';
import { poolArithmetic, poolBeyondData, poolsOf, updatesOf } from '../../../train/loop/pools.js';
import { memoryFile } from '../../data/stream/memoryFile.js';

const settings = (training: object = {}) => parseConfig({ training });

describe('updatesOf', () => {
  it('gives the steps where they are set, whatever the data', () => {
    assert.equal(updatesOf(settings({ steps: 7 }), 1_000_000), 7);
  });

  it('counts a started pool, but not a started update', () => {
    const four = { queriesPerPool: 4, poolsPerUpdate: 2 };
    assert.equal(updatesOf(settings(four), 16), 2);
    assert.equal(updatesOf(settings(four), 20), 2); // 5 pools
    assert.equal(updatesOf(settings(four), 21), 3); // 6 pools
    assert.equal(updatesOf(settings({ ...four, epochs: 1.5 }), 16), 3);
  });

  // It once counted whole pools alone and gave 3,835.
  it("gives the study's 3,836 updates for its 490,985 rows", () => {
    assert.equal(updatesOf(settings(), 490_985), 3836);
  });

  it('is at least one', () => {
    assert.equal(updatesOf(settings(), 3), 1);
  });
});

describe('poolBeyondData', () => {
  // A pool larger than its data once was filled with the same rows again, without a word.
  it('says that a pool is larger than the data, and nothing where it is as large', () => {
    const forty = settings({ queriesPerPool: 40 });
    assert.deepEqual(poolBeyondData(forty, 40), []);
    assert.match(poolBeyondData(forty, 39)[0]!, /queriesPerPool is 40 and the data has 39 rows: .*at most 39/);
  });
});

describe('poolArithmetic', () => {
  it("says what the study's pools and updates are made of", () => {
    assert.deepEqual(poolArithmetic(settings(), 490_985, 3836), [
      'pool    32 queries x 512 passages: 1 positive, 15 own and 496 other negatives a query, before masking',
      'update  4 pools = 128 queries; still 511 negatives a query',
      'run     3836 updates = 1.00 epochs of 490985 rows',
    ]);
  });

  it('says nothing of accumulation where there is none', () => {
    const one = settings({ queriesPerPool: 8, passagesPerQuery: 2, poolsPerUpdate: 1 });
    assert.deepEqual(poolArithmetic(one, 32, 10), [
      'pool    8 queries x 16 passages: 1 positive, 1 own and 14 other negatives a query, before masking',
      'update  1 pool = 8 queries',
      'run     10 updates = 2.50 epochs of 32 rows',
    ]);
  });
});

describe('poolsOf', () => {
  const files = () => [withNegatives(memoryFile('a', [5, 4])), withNegatives(memoryFile('b', [3]))];
  const config = settings({ queriesPerPool: 5, passagesPerQuery: 2, shuffleWindow: 6 });

  async function take(count: number, from?: Position): Promise<Pool[]> {
    const pools: Pool[] = [];
    for await (const pool of poolsOf(files(), config, from)) {
      pools.push(pool);
      if (pools.length === count) break;
    }
    return pools;
  }

  it('gives every row once an epoch, a pool going over its end', async () => {
    const queries = (await take(5)).flatMap((pool) => pool.queries.map(({ text }) => text));
    assert.equal(queries.length, 25);
    assert.equal(new Set(queries.slice(0, 12)).size, 12);
    assert.equal(new Set(queries.slice(12, 24)).size, 12);
  });

  it('puts a positive and a negative of each query into the pool', async () => {
    const [pool] = await take(1);
    assert.deepEqual([pool!.passages.length, pool!.targets], [10, [0, 2, 4, 6, 8]]);
  });

  it('goes on after any pool as if it had never stopped', async () => {
    const through = await take(6);
    for (let done = 1; done < 6; done++)
      assert.deepEqual(await take(6 - done, through[done - 1]!.next), through.slice(done));
  });
});

/** Each row gets a negative of its own. */
function withNegatives(file: ExampleFile): ExampleFile {
  return {
    ...file,
    async read(batch) {
      const negative = (id: string) => ({ id: `n${id}`, title: '', text: `not ${id}` });
      return (await file.read(batch)).map((example) => ({ ...example, negatives: [negative(example.id)] }));
    },
  };
}
