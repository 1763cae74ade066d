import assert from 'node:assert/strict';
import { textId } from '../../../data/example/textId.js';

describe('textId', () => {
  it('is the same for the same text, wherever it lies', () => {
    const bytes = Buffer.from('xxqueryyy');
    assert.equal(textId(bytes, 2, 7), textId(Buffer.from('query')));
    assert.match(textId(bytes), /^h[0-9a-f]{16}$/);
  });

  it('differs for texts that differ a little', () => {
    const ids = new Set<string>();
    for (let one = 0; one < 300; one++)
      for (let other = 0; other < 300; other++) ids.add(textId(Buffer.of(one, other, one >> 8)));
    // 300 wraps over the 256 values of a byte: of each pair only the third byte tells the first apart.
    assert.equal(ids.size, 300 * 256);
    assert.notEqual(textId(Buffer.from('')), textId(Buffer.from('\0')));
  });
});
