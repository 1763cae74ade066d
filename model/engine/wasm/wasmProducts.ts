import { tf } from '../tf.js';
import { unsetTensor, valuesInPlace, wasmBackend } from './wasmBackend.js';

/**
 * Products of matrices on WebAssembly, one a batch row, each as fast as `tf.matMul` multiplies two single matrices.
 * tfjs-backend-wasm 4.22 leaves the fast path (XNNPACK) as soon as there is more than one, and to take them out of
 * their batch it copies the whole batch for each. Here each is shown to it where it lies.
 * @param a  [batch, m, k]
 * @param b  [batch, k, n]
 * @returns  [batch, m, n]; the caller owns it
 */
export function multiplyEach(a: tf.Tensor3D, b: tf.Tensor3D): tf.Tensor3D {
  const backend = wasmBackend();
  const { wasm } = backend;
  const [batch, m, k] = a.shape;
  const n = b.shape[2];
  const product = unsetTensor<tf.Tensor3D>([batch, m, n]);
  const shapes = wasm._malloc(6 * Int32Array.BYTES_PER_ELEMENT);
  new Int32Array(wasm.HEAPU8.buffer, shapes >>> 0, 6).set([1, m, k, 1, k, n]);
  const operands = [
    { size: m * k, address: backend.getMemoryOffset(a.dataId) },
    { size: k * n, address: backend.getMemoryOffset(b.dataId) },
    { size: m * n, address: backend.getMemoryOffset(product.dataId) },
  ];
  const first = backend.dataIdNextNumber;
  backend.dataIdNextNumber += operands.length;
  for (let row = 0; row < batch; row++) {
    operands.forEach(({ size, address }, operand) =>
      wasm.tfjs.registerTensor(first + operand, size, address + row * size * Float32Array.BYTES_PER_ELEMENT),
    );
    wasm._BatchMatMul(first, shapes, 3, first + 1, shapes + 12, 3, 0, 0, first + 2);
    operands.forEach((_, operand) => wasm.tfjs.disposeData(first + operand)); // frees what XNNPACK keeps of b too
  }
  wasm._free(shapes);
  return product;
}

/**
 * Transpose of each matrix of a batch on WebAssembly, several times faster than `tf.transpose` there.
 * @param x  [batch, rows, columns]
 * @returns  [batch, columns, rows]; the caller owns it
 */
export function transposeEach(x: tf.Tensor3D): tf.Tensor3D {
  const [batch, rows, columns] = x.shape;
  const transposed = unsetTensor<tf.Tensor3D>([batch, columns, rows]);
  const from = valuesInPlace(x);
  const to = valuesInPlace(transposed);
  for (let row = 0; row < batch; row++) transposeMatrix(from, to, row * rows * columns, rows, columns);
  return transposed;
}

/** Eight rows at a time, so that what is written lies together; unrolled, since the loop over the eight costs half the time. */
function transposeMatrix(from: Float32Array, to: Float32Array, start: number, rows: number, columns: number): void {
  let row = 0;
  for (; row + 8 <= rows; row += 8) {
    let target = start + row;
    const end = start + (row + 1) * columns;
    for (let source = start + row * columns; source < end; source++) {
      let place = source;
      to[target] = from[place]!;
      to[target + 1] = from[(place += columns)]!;
      to[target + 2] = from[(place += columns)]!;
      to[target + 3] = from[(place += columns)]!;
      to[target + 4] = from[(place += columns)]!;
      to[target + 5] = from[(place += columns)]!;
      to[target + 6] = from[(place += columns)]!;
      to[target + 7] = from[place + columns]!;
      target += rows;
    }
  }
  for (; row < rows; row++)
    for (let column = 0; column < columns; column++)
      to[start + column * rows + row] = from[start + row * columns + column]!;
}
