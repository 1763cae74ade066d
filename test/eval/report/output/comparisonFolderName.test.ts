import assert from 'node:assert/strict';
import { comparisonFolderName } from '../../../../eval/report/output/comparisonFolderName.js';

describe('comparisonFolderName', () => {
  // `a-b` with `c` and `a` with `b-c` took each other's place, as did comparisons of many models of which the first was the same.
  it('is another one for other models', () => {
    const many = Array.from({ length: 20 }, (_, index) => `model-${index}`);
    const lists = [['a-b', 'c'], ['a', 'b-c'], ['a', 'b'], ['a'], ['./a', 'b'], ['a', 'b/'], many, [...many].reverse()];
    const names = [...lists, [...many.slice(0, 19), 'other']].map(comparisonFolderName);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(names.slice(0, 4), ['a-b+c', 'a+b-c', 'a+b', 'a+published']);
    for (const name of names) assert.match(name, /^[\w.+-]{1,90}$/);
  });
});
