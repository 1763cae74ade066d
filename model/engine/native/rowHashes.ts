import { tf } from '../tf.js';
import { handleOf, keptNumber, keptHalves, typeAttribute } from './deviceNumbers.js';
import { nodeBackend } from './nodeBackend.js';
import { typeCodes } from './typeCodes.js';

/** Two numbers of 32 bits for each of some rows, on the device, [rows, 1] each. Freed like any tensor. */
export interface RowKeys {
  first: tf.Tensor;
  second: tf.Tensor;
}

/** Send the keys of rows to the device. @param keys  [rows, 2] @returns the caller owns them */
export function sendRowKeys(keys: Int32Array): RowKeys {
  const sent = (place: 0 | 1) => {
    const values = Int32Array.from({ length: keys.length / 2 }, (_, row) => keys[2 * row + place]!);
    const shape = [values.length, 1];
    // TensorFlow.js has no uint32: it takes them for int32, and nobody but `rowHashes` looks into them.
    return nodeBackend().createOutputTensor({
      id: handleOf(values, 'uint32', shape),
      shape,
      dtype: typeCodes.int32,
    });
  };
  return { first: sent(0), second: sent(1) };
}

/**
 * The upper 24 bits of the hash of a row's two numbers, an adapter's two and a column, which a float32 holds. In unsigned
 * numbers of 32 bits, the only ones of that size that a card both shifts and multiplies.
 * @returns [rows, columns], float32; the caller owns it
 */
export function rowHashes({ first, second }: RowKeys, adapter: readonly [number, number], columns: number) {
  const backend = nodeBackend();
  const { binding } = backend;
  const [rowFirst, rowSecond] = backend.getInputTensorIds([first, second]) as [number, number];
  const held: number[] = [];
  const run = (operation: string, attributes: ReturnType<typeof typeAttribute>[], inputs: number[]) => {
    held.push(binding.executeOp(operation, attributes, inputs, 1)[0]!.id);
    return held.at(-1)!;
  };
  const apply = (operation: string, x: number, y: number) => run(operation, [typeAttribute('T', 'uint32')], [x, y]);
  const number = (value: number) => keptNumber(value, 'uint32', [1, 1]);
  const shifted = (x: number, bits: number) => apply('BitwiseXor', x, apply('RightShift', x, number(bits)));
  try {
    // A number joined with its upper half, of a row and of a column apart: joining these is less than joining all of both.
    const ownFirst = shifted(apply('BitwiseXor', rowFirst, number(adapter[0])), 16);
    const ownSecond = apply('BitwiseXor', rowSecond, number(adapter[1]));
    let hash = apply('BitwiseXor', keptHalves(columns), ownFirst);
    hash = apply('Mul', hash, number(0x85ebca6b));
    hash = apply('BitwiseXor', hash, ownSecond);
    hash = apply('Mul', shifted(hash, 13), number(0xc2b2ae35));
    hash = apply('RightShift', shifted(hash, 16), number(8));
    const truncate = { name: 'Truncate', type: binding.TF_ATTR_BOOL, value: false };
    const attributes = [typeAttribute('SrcT', 'uint32'), typeAttribute('DstT', 'float32'), truncate];
    return backend.createOutputTensor(binding.executeOp('Cast', attributes, [hash], 1)[0]!) as tf.Tensor2D;
  } finally {
    for (const id of held) binding.deleteTensor(id);
  }
}
