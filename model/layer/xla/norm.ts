import type { Value } from '../../engine/xla/describeFunction.js';
import type { Operations } from '../../engine/xla/operations.js';

/** x / rms(x) * gain. @param x  [rows, hidden], float32 */
export function norm(f: Operations, x: Value, gain: Value, epsilon: number): Value {
  return f.multiply(f.multiply(x, inverseRms(f, x, epsilon)), gain);
}

/** The gradient of `norm` for x, plus `residual`. */
export function normGradient(
  f: Operations,
  dy: Value,
  { x, gain, residual, epsilon }: { x: Value; gain: Value; residual: Value; epsilon: number },
): Value {
  const inverse = inverseRms(f, x, epsilon);
  const dNormed = f.multiply(dy, gain);
  const along = f.mean(f.multiply(dNormed, x), 1);
  const cubed = f.multiply(inverse, f.multiply(inverse, inverse));
  return f.add(residual, f.subtract(f.multiply(dNormed, inverse), f.multiply(f.multiply(x, along), cubed)));
}

const inverseRms = (f: Operations, x: Value, epsilon: number): Value =>
  f.reciprocalRoot(f.add(f.mean(f.multiply(x, x), 1), f.number(epsilon)));
