import assert from 'node:assert/strict';
import { neededFlops } from './flops.js';

describe('neededFlops', () => {
  // hidden 4, two heads of 3 and one key head of 3, intermediate 5: projections [out, in] are
  // q [6, 4], k and v [3, 4], o [4, 6], gate and up [5, 4], down [4, 5].
  const config = {
    vocabularySize: 10,
    hidden: 4,
    intermediate: 5,
    layers: 2,
    heads: 2,
    kvHeads: 1,
    headDim: 3,
    ropeTheta: 1e4,
    normEpsilon: 1e-6,
  };

  it('counts every token in all layers but the last, and there the last token alone behind keys and values', () => {
    // A token of the first layer: 2 · (24 + 12 + 12 + 24 + 20 + 20 + 20) = 264; attention of 7 tokens: 4 · 7 · 7 · 6 = 1176.
    // Last layer: keys and values 7 · 2 · 24 = 336; the rest for one token 2 · 108 = 216; one query 4 · 7 · 6 = 168.
    const linear = 7 * 264 + 336 + 216;
    const attention = 1176 + 168;
    assert.deepEqual(neededFlops(config, [7], 0), { forward: linear + attention, backward: linear + 2 * attention });
  });

  it('counts both halves of the adapters, and twice as much for their gradient', () => {
    // Rank 2, 2 · 2 · (in + out) a token: q 40, k 28, v 28, o 40, gate 36, up 36, down 36, together 244.
    const adapters = 7 * 244 + 7 * 56 + 188;
    const without = neededFlops(config, [7], 0);
    const { forward, backward } = neededFlops(config, [7], 2);
    assert.deepEqual([forward - without.forward, backward - without.backward], [adapters, 2 * adapters]);
  });

  it('adds up over the texts, each attending to itself alone', () => {
    const [first, second, both] = [[3], [5], [3, 5]].map((lengths) => neededFlops(config, lengths, 2));
    assert.equal(both!.forward, first!.forward + second!.forward);
    assert.equal(both!.backward, first!.backward + second!.backward);
  });
});
