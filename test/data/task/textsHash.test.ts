import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { textsHash } from '../../../data/task/corpus.js';

describe('textsHash', () => {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

  it('is that of titles and texts with their lengths, so that what is kept is found by later versions', () => {
    assert.equal(textsHash([{ id: 'x', title: 'a', text: 'bc' }, { text: 'd' }]), sha256('1 2 abc0 1 d'));
    assert.equal(textsHash([{ id: 'y', title: 'a', text: 'bc' }]), textsHash([{ title: 'a', text: 'bc' }]));
    assert.notEqual(textsHash([{ title: 'ab', text: 'c' }]), textsHash([{ title: 'a', text: 'bc' }]));
  });

  // It knew title and text alone: two passages of one text and different images would have had one embedding.
  it('sees whatever else decides an embedding', () => {
    const withImage = (...bytes: number[]) => ({ text: 'a', image: Uint8Array.from(bytes) });
    const contents = [
      { text: 'a' },
      withImage(),
      withImage(1),
      withImage(2),
      { text: 'a', frame: Uint8Array.of(1) },
      { text: 'a', image: 'x', tokens: [1, 2] },
      { text: 'a', tokens: [1, 2] },
    ];
    assert.equal(new Set(contents.map((content) => textsHash([content]))).size, contents.length);
    const [one, two] = [
      { text: 'a', x: 1, y: 2 },
      { text: 'a', y: 2, x: 1, z: undefined },
    ];
    assert.equal(textsHash([one]), textsHash([two]));
  });
});
