import assert from 'node:assert/strict';
import { seededRandom } from '../data/random.js';
import { tf } from '../model/engine/tf.js';

type Numbers = tf.Tensor | ArrayLike<number>;

/** Each number lies within `tolerance` of the expected one. */
export function assertClose(actual: Numbers, expected: Numbers, tolerance = 1e-5, what = 'element'): void {
  const [got, wanted] = [valuesOf(actual), valuesOf(expected)];
  assert.equal(got.length, wanted.length, `${what}: how many numbers there are`);
  for (let i = 0; i < wanted.length; i++)
    assert.ok(
      Math.abs(got[i]! - wanted[i]!) <= tolerance,
      `${what} ${i}: got ${got[i]}, expected ${wanted[i]} within ${tolerance}`,
    );
}

/** As `assertClose`, the tolerance being a share of the largest expected number. */
export function assertCloseToLargest(actual: Numbers, expected: Numbers, share: number, what?: string): void {
  const largest = valuesOf(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assertClose(actual, expected, share * largest, what);
}

/** Tensors alive: those that TensorFlow.js knows and, on the native engine, all that TensorFlow itself holds. */
export function tensorsAlive(): { known: number; native: number } {
  const backend = tf.backend() as unknown as { getNumOfTFTensors?: () => number };
  return { known: tf.memory().numTensors, native: backend.getNumOfTFTensors?.() ?? 0 };
}

/**
 * The work leaves `kept` tensors alive, and once these are freed nothing at all. It is done twice, since the native
 * engine copies a tensor to the device when it is used first.
 * @param work  returns what it keeps
 */
export function assertTensorsKept(kept: number, work: () => tf.Tensor | tf.Tensor[] | void): void {
  tf.dispose(work() ?? []);
  const before = tensorsAlive();
  const result = work();
  assert.equal(tensorsAlive().known - before.known, kept, 'tensors left alive');
  tf.dispose(result ?? []);
  assert.deepEqual(tensorsAlive(), before, 'tensors alive after the results were freed');
}

/**
 * The gradient of `f` for each of its arguments equals central differences of it. The upstream gradient is random.
 * @param tolerance  share of the largest number of a gradient
 */
export function assertGradients(
  f: (...xs: tf.Tensor[]) => tf.Tensor,
  xs: tf.Tensor[],
  { step = 1e-2, tolerance = 2e-3 } = {},
): void {
  const result = tf.tidy(() => f(...xs));
  const random = seededRandom('upstream', ...result.shape);
  const upstream = tf.tensor(Float32Array.from({ length: result.size }, random), result.shape);
  const weights = upstream.dataSync() as Float32Array;
  const weighted = (values: ArrayLike<number>) => weights.reduce((sum, weight, i) => sum + weight * values[i]!, 0);
  const gradients = tf.tidy(() => tf.grads(f)(xs, upstream));
  xs.forEach((x, index) => {
    const valueAt = (values: Float32Array): number =>
      tf.tidy(() => weighted(f(...xs.map((other) => (other === x ? tf.tensor(values, x.shape) : other))).dataSync()));
    assertCloseToLargest(gradients[index]!, differences(valueAt, x, step), tolerance, `gradient of argument ${index},`);
  });
  tf.dispose([result, upstream, ...gradients]);
}

/** Random numbers from -1 to 1, the same for the same shape and name. */
export function randomTensor<T extends tf.Tensor>(shape: number[], name = ''): T {
  const random = seededRandom('tensor', name, ...shape);
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => 2 * random() - 1),
    shape,
  ) as T;
}

function differences(valueAt: (values: Float32Array) => number, x: tf.Tensor, step: number): Float64Array {
  const values = Float32Array.from(x.dataSync());
  return Float64Array.from(values, (value, i) => {
    const at = (moved: number) => {
      const changed = values.slice();
      changed[i] = moved;
      return valueAt(changed);
    };
    return (at(value + step) - at(value - step)) / (2 * step);
  });
}

const valuesOf = (numbers: Numbers): number[] =>
  Array.from(numbers instanceof tf.Tensor ? (numbers.dataSync() as Float32Array) : numbers);
