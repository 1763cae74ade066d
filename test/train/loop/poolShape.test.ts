import assert from 'node:assert/strict';
import type { Contract } from '../../../configs/contract.js';
import { parseConfig } from '../../../configs/load/loadConfig.js';
import type { ExampleFile } from '../../../data/arrow/openExamples.js';
import type { Example } from '../../../data/example/example.js';
import type { Tokenizer } from '../../../data/tokenizer/tokenizer.js';
import { poolShape } from '../../../train/loop/poolShape.js';
import { memoryFile } from '../../data/stream/memoryFile.js';

/** A token a character, nothing before or behind. */
const tokenizer = { encode: (text: string) => Array.from(text, (_, index) => index) } as unknown as Tokenizer;
const contract = {
  queryPrefix: '',
  passagePrefix: '',
  titleRule: 'stripped',
  bosId: null,
  eosId: null,
  queryMaxLength: 100,
  passageMaxLength: 1000,
} as unknown as Contract;
const settings = (training: object = {}) =>
  parseConfig({ training: { queriesPerPool: 10, passagesPerQuery: 3, ...training } });

const text = (length: number) => ({ id: '', title: '', text: 'x'.repeat(length - 1) }); // a blank stands before it

/** Of every row the query has `query` tokens, its positive and its negatives these. */
function fileOf(batchRows: number[], query: number, positive: number, negatives: number[]): ExampleFile {
  const example = (row: number): Example => ({
    id: `${row}`,
    query: 'q'.repeat(query),
    positives: [text(positive)],
    negatives: negatives.map(text),
  });
  const read = async (batch: number) => Array.from({ length: batchRows[batch]! }, (_, row) => example(row));
  return { ...memoryFile('file', batchRows), read };
}

describe('poolShape', () => {
  it('counts a positive and the mean of all negatives of each query', async () => {
    const shape = await poolShape(tokenizer, contract, settings(), [fileOf([8], 5, 20, [10, 10, 10, 50])]);
    // 10 queries of 5, positives of 20, two negatives of (10 + 10 + 10 + 50) / 4 each
    assert.deepEqual(shape, { poolTokens: 10 * (5 + 20 + 2 * 20), poolQueries: 10, poolPassages: 30, longestText: 63 });
  });

  // Only the first rows of the first file were looked at: with the files in another order the plan differed threefold.
  it('does not depend on the order of the files, and weighs each by its rows', async () => {
    const [short, long] = [fileOf([30], 5, 20, [20]), fileOf([5, 5], 5, 200, [200])];
    const one = await poolShape(tokenizer, contract, settings(), [short, long]);
    assert.deepEqual(await poolShape(tokenizer, contract, settings(), [long, short]), one);
    assert.equal(one.poolTokens, 10 * (5 + 3 * (0.75 * 20 + 0.25 * 200)));
    const weighted = await poolShape(tokenizer, contract, settings(), [short, long], [1, 3]);
    assert.equal(weighted.poolTokens, 10 * (5 + 3 * (0.5 * 20 + 0.5 * 200)));
  });

  it('takes the longest pool where pools keep files apart', async () => {
    const files = [fileOf([30], 5, 20, [20]), fileOf([10], 5, 200, [200])];
    const shape = await poolShape(tokenizer, contract, settings({ homogeneousPools: true }), files);
    assert.equal(shape.poolTokens, 10 * (5 + 3 * 200));
  });

  it('finds a long text in any row of a batch and any column, and allows for longer ones up to the contract', async () => {
    const file = fileOf([1000], 5, 20, [20]);
    const read = async (batch: number) => {
      const examples = await file.read(batch);
      examples[501]!.negatives = [text(20), text(20), text(20), text(400)];
      return examples;
    };
    assert.equal((await poolShape(tokenizer, contract, settings(), [{ ...file, read }])).longestText, 500);
    const tight = { ...contract, passageMaxLength: 410 };
    assert.equal((await poolShape(tokenizer, tight, settings(), [{ ...file, read }])).longestText, 410);
  });
});
