import { tf } from '../tf.js';
import { handleOf, typeAttribute } from './deviceNumbers.js';
import { nodeBackend } from './nodeBackend.js';
import { typeCodes, type NumberKind } from './typeCodes.js';

/** Places of rows on the device, int32 [count]: sent once, where TensorFlow.js sends them with every operation. */
export function sendPlaces(places: Int32Array | readonly number[]): tf.Tensor1D {
  const values = Int32Array.from(places);
  const id = handleOf(values, 'int32', [values.length]);
  return nodeBackend().createOutputTensor({ id, shape: [values.length], dtype: typeCodes.int32 }) as tf.Tensor1D;
}

/**
 * Some rows of a matrix on the device.
 * @param matrix  its handle
 * @param places  as `sendPlaces` gives them; none may lie outside, which nobody checks
 * @returns       a handle that the caller owns
 */
export function gatherRows(matrix: number, kind: NumberKind, places: tf.Tensor1D): number {
  const backend = nodeBackend();
  const { binding } = backend;
  const axis = binding.createTensor([], typeCodes.int32, Int32Array.of(0));
  const attributes = [
    typeAttribute('Tparams', kind),
    typeAttribute('Tindices', 'int32'),
    typeAttribute('Taxis', 'int32'),
    { name: 'batch_dims', type: binding.TF_ATTR_INT, value: 0 },
  ];
  const inputs = [matrix, backend.getInputTensorIds([places])[0]!, axis];
  const { id } = binding.executeOp('GatherV2', attributes, inputs, 1)[0]!;
  binding.deleteTensor(axis);
  return id;
}

/** As `gatherRows`, of a tensor of float32. @returns the caller owns it */
export function gatherFrom(matrix: tf.Tensor2D, places: tf.Tensor1D): tf.Tensor2D {
  const backend = nodeBackend();
  const id = gatherRows(backend.getInputTensorIds([matrix])[0]!, 'float32', places);
  const shape = [places.shape[0], matrix.shape[1]];
  return backend.createOutputTensor({ id, shape, dtype: typeCodes.float32 }) as tf.Tensor2D;
}
