import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capabilities } from '../../../../model/engine/capabilities.js';
import { compiledVerdict } from '../../../../model/engine/compiledVerdict.js';
import { anyTensors } from '../../../../model/engine/native/anyTensors.js';
import { startEngine } from '../../../../model/engine/startEngine.js';
import { tf } from '../../../../model/engine/tf.js';
import { compiledFunction, watchCalls } from '../../../../model/engine/xla/compiledFunction.js';
import { describeFunction } from '../../../../model/engine/xla/describeFunction.js';
import { operations } from '../../../../model/engine/xla/operations.js';
import { assertClose, tensorsAlive } from '../../../assertions.js';

describe('a described function', () => {
  it('knows what it takes and gives, and counts two operations for each number that a product sums', () => {
    const described = describeFunction('Product', (description) => {
      const f = operations(description);
      const x = description.take('x', 'bfloat16', [3, 5]);
      const weight = description.take('weight', 'bfloat16', [7, 5]);
      description.give('y', f.product(x, weight, [1, 1], 'float32'));
    });
    assert.deepEqual(described.gives, [{ name: 'y', kind: 'float32', shape: [3, 7] }]);
    assert.equal(described.flops, 2 * 3 * 7 * 5);
  });

  it('refuses shapes and kinds that do not fit, while it is described', () => {
    const describe = (work: (f: ReturnType<typeof operations>) => void) => () =>
      describeFunction('Wrong', (description) => work(operations(description)));
    const ones = (f: ReturnType<typeof operations>, ...shape: number[]) => f.filled(f.number(1), ...shape);
    assert.throws(
      describe((f) => f.product(ones(f, 2, 3), ones(f, 2, 4), [1, 1])),
      /float32 \[2,3\] times float32 \[2,4\]/,
    );
    assert.throws(
      describe((f) => f.add(ones(f, 2, 3), ones(f, 4, 3))),
      /\[2,3\] beside \[4,3\]/,
    );
    assert.throws(
      describe((f) => f.add(f.range(3), ones(f, 3))),
      /int32 \[3\] beside float32 \[3\]/,
    );
    assert.throws(
      describe((f) => f.reshape(ones(f, 2, 3), 4)),
      /\[2,3\] cannot become \[4\]/,
    );
  });
});

describe('a compiled function', () => {
  before(async function () {
    await startEngine();
    if (!capabilities().rawHandles) this.skip();
  });

  const scaledSums = () =>
    compiledFunction('TercetTestScaledSums', (description) => {
      const f = operations(description);
      const x = description.take('x', 'float32', [2, 3]);
      const places = f.bitcast(description.take('places', 'uint8', [2, 4]), 'int32', [2]);
      description.give('sums', f.sum(f.multiply(f.gather(x, places), f.number(2)), 1));
      description.give('half', f.cast(x, 'bfloat16'));
    });

  it('gives its results by name, of kinds that TensorFlow.js lacks too, and keeps nothing else', () => {
    const before = tensorsAlive();
    const x = tf.tensor2d([
      [1, 2, 3],
      [10, 20, 30.0625],
    ]);
    const places = anyTensors().integers(Int32Array.of(1, 0), [2]);
    const { sums, half } = scaledSums().call({ x, places });
    assertClose(sums!, [120.125, 12], 1e-6);
    const wide = anyTensors().cast(half!, 'bfloat16', 'float32');
    assertClose(wide, [1, 2, 3, 10, 20, 30], 0); // eight bits hold 30, not 30.0625
    tf.dispose([x, places, sums!, half!, wide]);
    assert.deepEqual(tensorsAlive(), before);
  });

  it('says by name what is missing or of another shape', () => {
    const x = tf.zeros([2, 2]);
    assert.throws(() => scaledSums().call({}), /TercetTestScaledSums: x is missing/);
    assert.throws(() => scaledSums().call({ x }), /TercetTestScaledSums: x must be \[2,3\]; got \[2,2\]/);
    x.dispose();
  });

  it("throws TensorFlow's message for a definition that is none, and for a call of a function that is not there", () => {
    assert.throws(() => anyTensors().addFunction(Uint8Array.of(1, 2, 3)), /Invalid FunctionDef/);
    assert.throws(
      () => anyTensors().callFunction('TercetNowhere', [], [{ kind: 'float32', shape: [] }]),
      /TercetNowhere/,
    );
  });

  it('lets its calls be watched', () => {
    const seen: string[] = [];
    const undo = watchCalls(({ name }, call) => (seen.push(name), call()));
    const x = tf.ones([2, 3]);
    const places = anyTensors().integers(Int32Array.of(1, 0), [2]);
    tf.dispose(scaledSums().call({ x, places }));
    undo();
    tf.dispose(scaledSums().call({ x, places }));
    assert.deepEqual(seen, ['TercetTestScaledSums']);
    tf.dispose([x, places]);
  });

  // A run ended with words of the compiler, and the next one ended alike.
  it('tells its failure at the first call in one line, and is not tried again by what starts from then on', () => {
    const before = process.env['TF_XLA_FLAGS'];
    const folder = mkdtempSync(join(tmpdir(), 'tercet-'));
    process.env['TF_XLA_FLAGS'] = `--tf_xla_persistent_cache_directory=${folder}`;
    let failure = 'INTERNAL: ptxas has no such instruction\nin a long text';
    const end = watchCalls(() => {
      throw new Error(failure);
    });
    try {
      const half = compiledFunction('TercetTestHalf', (description) => {
        const f = operations(description);
        description.give('half', f.multiply(description.take('x', 'float32', [2, 3]), f.number(0.5)));
      });
      const x = tf.ones([2, 3]);
      const call = () => half.call({ x });
      assert.throws(call, {
        name: 'UserError',
        message: /^XLA fails: INTERNAL: ptxas has no such instruction; layers are computed without it from the next/,
      });
      assert.deepEqual(compiledVerdict(process.env), {
        works: false,
        why: 'XLA fails: INTERNAL: ptxas has no such instruction',
      });
      rmSync(join(folder, 'verdict.json'));
      failure = 'RESOURCE_EXHAUSTED: Out of memory while trying to allocate'; // which is no fault of the function
      assert.throws(call, { name: 'Error', message: failure });
      assert.equal(compiledVerdict(process.env), undefined);
      x.dispose();
    } finally {
      end();
      if (before === undefined) delete process.env['TF_XLA_FLAGS'];
      else process.env['TF_XLA_FLAGS'] = before;
      rmSync(folder, { recursive: true });
    }
  });
});
