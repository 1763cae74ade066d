import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { decodeLength, encodeLength } from '../../../eval/bm25/lengthByte.js';

describe('encodeLength and decodeLength', () => {
  const fixture = readFileSync(new URL('../../fixtures/lucene/lengths.txt', import.meta.url), 'utf8');
  for (const line of fixture.trim().split('\n')) {
    const [length, byte, stored] = line.split(' ').map(Number) as [number, number, number];
    it(`keep ${length} as Lucene keeps it`, () => {
      assert.equal(encodeLength(length), byte);
      assert.equal(decodeLength(byte), stored);
    });
  }
});
