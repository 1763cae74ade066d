import assert from 'node:assert/strict';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { kindOf, watchEngine } from './usage.js';

describe('watchEngine', () => {
  it('counts two operations for each number of an output and each that it sums, and forgets on demand', async function () {
    const { name } = await startEngine();
    if (name !== 'tensorflow') {
      console.log(`skipped: the ${name} engine cannot be watched`);
      return this.skip();
    }
    const backend = tf.backend() as unknown as { binding: object };
    const { binding } = backend;
    const watch = watchEngine();
    try {
      tf.tidy(() => void tf.matMul(tf.ones([3, 4]), tf.ones([4, 5])).dataSync());
      tf.tidy(() => void tf.matMul(tf.ones([2, 4, 3]), tf.ones([2, 4, 5]), true).dataSync());
      const { kinds } = watch.usage(0);
      assert.equal(kinds['frozen products'].flops, 2 * 3 * 4 * 5);
      assert.equal(kinds.attention.flops, 2 * (2 * 3 * 4 * 5));
      assert.ok(kinds.attention.seconds > 0);
      watch.forget();
      assert.equal(watch.usage(0).kinds.attention.calls, 0);
      watch.inOptimizer = true;
      tf.tidy(() => void tf.add(tf.ones([3]), 1).dataSync());
      assert.ok(watch.usage(0).kinds.optimizer.calls >= 1);
    } finally {
      backend.binding = binding;
    }
  });
});

describe('kindOf', () => {
  const kind = (operation: string, inputs: number[][], output: number[]) => kindOf({ operation, inputs, output }, 16);

  it('tells products apart by their shapes', () => {
    assert.equal(
      kind(
        'MatMul',
        [
          [100, 64],
          [128, 64],
        ],
        [100, 128],
      ),
      'frozen products',
    );
    assert.equal(
      kind(
        'BatchMatMulV2',
        [
          [1, 100, 64],
          [1, 16, 64],
        ],
        [1, 100, 16],
      ),
      'adapter products',
    );
    assert.equal(
      kind(
        'BatchMatMulV2',
        [
          [1, 100, 16],
          [1, 64, 16],
        ],
        [1, 100, 64],
      ),
      'adapter products',
    );
    assert.equal(
      kind(
        'BatchMatMulV2',
        [
          [8, 70, 64],
          [8, 10, 64],
        ],
        [8, 70, 10],
      ),
      'attention',
    );
  });

  it('tells the rest apart by name and shapes', () => {
    assert.equal(kind('Cast', [[100, 64]], [100, 64]), 'casts');
    assert.equal(
      kind(
        'Mul',
        [
          [100, 64],
          [100, 1],
        ],
        [100, 64],
      ),
      'norms',
    );
    assert.equal(
      kind(
        'AddV2',
        [
          [100, 64],
          [100, 64],
        ],
        [100, 64],
      ),
      'elementwise',
    );
    assert.equal(kind('Transpose', [[2, 5, 4, 16], [4]], [2, 4, 5, 16]), 'attention');
  });
});
