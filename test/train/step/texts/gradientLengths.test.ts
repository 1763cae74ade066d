import assert from 'node:assert/strict';
import { startEngine } from '../../../../model/engine/startEngine.js';
import { tf } from '../../../../model/engine/tf.js';
import { gradientLengths } from '../../../../train/step/texts/gradientLengths.js';

describe('gradientLengths', () => {
  before(() => startEngine());

  it('counts what turns an embedding, and nothing of what would only lengthen it', () => {
    const embeddings = tf.tensor2d([1, 0, 0, 1, 0.6, 0.8], [3, 2]);
    // Across (1, 0) lies 4 of (3, 4), nothing of (0, 5) across (0, 1). (1, 1) has 1.4 along (0.6, 0.8): (0.16, -0.12) is left.
    const gradient = tf.tensor2d([3, 4, 0, 5, 1, 1], [3, 2]);
    const alive = tf.memory().numTensors;
    const lengths = gradientLengths(embeddings, gradient);
    assert.equal(tf.memory().numTensors, alive);
    [4, 0, 0.2].forEach((length, text) => assert.ok(Math.abs(lengths[text]! - length) < 1e-6, `${lengths[text]}`));
    tf.dispose([embeddings, gradient]);
  });
});
