import assert from 'node:assert/strict';
import { rowKey, rowKeys } from '../../../../train/retrain/data/rowKeys.js';

describe('rowKeys', () => {
  it('knows every key again, also when it has grown and where keys want one place', () => {
    const keys = rowKeys();
    // 2,048 places at first: it grows behind 1,024 keys, and multiples of 2,048 all want the first of them.
    const given = Array.from({ length: 3000 }, (_, index) => (index % 2 === 0 ? 2048n : 7n) * BigInt(index + 1));
    const distinct = new Set(given);
    assert.equal(given.filter((key) => keys.add(key)).length, distinct.size);
    assert.ok(given.every((key) => !keys.add(key)));
    assert.ok(keys.add(7n * 5000n));
  });
});

describe('rowKey', () => {
  const row = (query: string, ...texts: string[]) =>
    rowKey({ id: '1', query, positives: texts.map((text) => ({ id: '', title: '', text })), negatives: [] });

  it('is one for rows that differ in case, punctuation, blanks and the order of positives alone', () => {
    assert.equal(row('What is an Owl?', 'a bird', 'of prey'), row('what is  an owl', 'of prey.', 'A bird'));
    assert.notEqual(row('what is an owl', 'a bird', 'of prey'), row('what is an owl', 'a bird'));
    assert.notEqual(row('what is an owl', 'a bird'), row('what is a bird', 'an owl'));
  });
});
