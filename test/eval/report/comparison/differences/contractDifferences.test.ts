import assert from 'node:assert/strict';
import type { Contract, ImageContract } from '../../../../../configs/contract.js';
import { parseConfig } from '../../../../../configs/load/loadConfig.js';
import {
  contractDifferences,
  formatDifference,
  settingDifferences,
} from '../../../../../eval/report/comparison/differences/contractDifferences.js';
import { contract } from '../../../../checkpoints/examples.js';

const between = (...changes: Partial<Contract>[]) =>
  contractDifferences(changes.map((change, index) => ({ name: `run${index}`, contract: { ...contract, ...change } })));
const told = (name: string, raw: object = {}, more: object = {}) => ({
  name,
  settings: parseConfig(raw),
  data: ['/here/train.arrow'],
  rows: 8,
  updates: 2,
  ...more,
});

describe('contractDifferences', () => {
  it('finds none between equals', () => {
    assert.deepEqual(between({}, {}, {}), []);
  });

  it('explains by the base its tokenizer, the ids it adds and its own words of a chat', () => {
    const found = between(
      { chatBefore: 'a', chatAfter: 'b' },
      { tokenizer: 'bb', bosId: 1, eosId: 3, chatBefore: 'c', chatAfter: 'd' },
    );
    assert.deepEqual(
      found.map(({ field, byBase }) => [field, byBase]),
      [
        ['tokenizer', true],
        ['chatBefore', true],
        ['chatAfter', true],
        ['bosId', true],
        ['eosId', true],
      ],
    );
  });

  it('explains nothing else: not a prefix, a length or a precision, nor that only one has a chat or an EOS', () => {
    const found = between(
      {},
      { queryPrefix: 'Query: ' },
      { chatBefore: '', chatAfter: 'x', eosId: null, precision: 'bfloat16' },
    );
    assert.deepEqual(
      found.map(({ field, byBase }) => [field, byBase]),
      [
        ['queryPrefix', false],
        ['chatBefore', false],
        ['chatAfter', false],
        ['eosId', false],
        ['precision', false],
      ],
    );
    assert.deepEqual(
      found[0]!.values.map(({ name, value }) => [name, value]),
      [
        ['run0', 'Query:'],
        ['run1', 'Query: '],
        ['run2', 'Query:'],
      ],
    );
  });

  it('tells what differs in how images are read; their colours are those of the base', () => {
    const image = { minPixels: 1, maxPixels: 2, mean: [0.5, 0.5, 0.5] } as unknown as ImageContract;
    const found = between({ image }, { image: { ...image, maxPixels: 3, mean: [0.4, 0.5, 0.5] } });
    assert.deepEqual(
      found.map(({ field, byBase }) => [field, byBase]),
      [
        ['image.maxPixels', false],
        ['image.mean', true],
      ],
    );
    const [missing] = between({ image }, {});
    assert.deepEqual([missing!.field, missing!.byBase], ['image', false]);
  });

  it('is told in one line, each value once', () => {
    const [prefix] = between({}, { queryPrefix: 'Query: ' }, {});
    assert.equal(formatDifference(prefix!), 'queryPrefix differs: "Query:" in run0, run2; "Query: " in run1');
    const [suffix] = between({}, { querySuffix: '?' });
    assert.equal(formatDifference(suffix!), 'querySuffix differs: absent in run0; "?" in run1');
    const [bos] = between({}, { bosId: 1 });
    assert.equal(formatDifference(bos!), 'bosId differs by base: null in run0; 1 in run1');
  });
});

describe('settingDifferences', () => {
  it('finds every setting that changes what is learned, and the data', () => {
    const found = settingDifferences([
      told('one'),
      told(
        'two',
        { seed: 7, lora: { rank: 8, targets: ['q', 'v'] }, training: { steps: 5 } },
        { rows: 9, data: ['/b/other.arrow'] },
      ),
    ]);
    assert.deepEqual(
      found.map(({ field, values, byBase }) => [field, values[0]!.value, values[1]!.value, byBase]),
      [
        ['data', ['train.arrow'], ['other.arrow'], false],
        ['rows', 8, 9, false],
        ['seed', 42, 7, false],
        ['lora.rank', 32, 8, false],
        ['lora.targets', ['q', 'k', 'v', 'o', 'gate', 'up', 'down'], ['q', 'v'], false],
        ['training.steps', undefined, 5, false],
      ],
    );
  });

  it('leaves out what changes speed, memory or what is saved, and where the data lies', () => {
    const training = { chunkTokens: 64, memoryMegabytes: 1, tokenizerThreads: 2, saveEverySteps: 3, keepStates: 4 };
    const other = told(
      'two',
      { training, evaluation: { tasks: ['a'], batchTokens: 9 } },
      { data: ['C:\\there\\train.arrow'] },
    );
    assert.deepEqual(settingDifferences([told('one'), other]), []);
  });
});
