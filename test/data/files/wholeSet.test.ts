import assert from 'node:assert/strict';
import { byPart, requireWholeSets } from '../../../data/files/wholeSet.js';

const part = (number: number, of: number, ending = '.parquet') =>
  `data/train-${`${number}`.padStart(5, '0')}-of-${`${of}`.padStart(5, '0')}${ending}`;

describe('requireWholeSets', () => {
  // Of a corpus that lacked a piece the rest was searched as if it were all.
  it('takes sets that are whole, counted from 0 or from 1, in any order, and files that are no parts', () => {
    requireWholeSets([part(1, 2), part(0, 2), 'other.parquet', 'data/test-00000-of-00001.parquet']);
    requireWholeSets(['model-00002-of-00002.safetensors', 'model-00001-of-00002.safetensors']);
    requireWholeSets([part(0, 2, '-0123456789abcdef.parquet'), part(1, 2, '-fedcba9876543210.parquet')]);
    requireWholeSets([]);
  });

  for (const [what, paths, message] of [
    ['lacks one in the middle', [part(0, 3), part(2, 3)], /^data\/train is not whole: .* 3 parts train-00001-of-00003/],
    ['lacks the last', [part(0, 2)], /train-00001-of-00002\.parquet is missing; get it/],
    ['lacks the first', [part(1, 3), part(2, 3)], /train-00000-of-00003\.parquet is missing/],
    ['lacks the first of those counted from 1', [part(2, 3), part(3, 3)], /train-00001-of-00003\.parquet is missing/],
    [
      'holds one twice',
      [part(0, 2), part(1, 2), 'data/train-1-of-2.parquet'],
      /part 1 of 2 of data\/train comes twice/,
    ],
    ['is two, mixed', [part(0, 2), part(1, 2), part(0, 3)], /are parts of two different sets/],
    ['is of two forms', [part(0, 2), part(1, 2, '.jsonl')], /are parts of two different sets/],
    ['holds more than all', [part(0, 2), part(1, 2), part(2, 2)], /train-00002-of-00002\.parquet is none of the 2/],
  ] as const)
    it(`refuses a set that ${what}`, () => {
      assert.throws(() => requireWholeSets(paths), { name: 'UserError', message });
    });
});

describe('byPart', () => {
  it('sorts by number where names are of one set, else by name', () => {
    const names = ['c-10-of-11.tsv', 'c-2-of-11.tsv', 'b.tsv', 'c-1-of-11.tsv'];
    assert.deepEqual(names.sort(byPart), ['b.tsv', 'c-1-of-11.tsv', 'c-2-of-11.tsv', 'c-10-of-11.tsv']);
  });
});
