import { tf } from '../tf.js';
import { handleOf, handleOfBytes, typeAttribute } from './deviceNumbers.js';
import type { FloatKind } from './rawTensors.js';
import { nodeBackend } from './nodeBackend.js';
import { typeCodes, type NumberKind } from './typeCodes.js';

/** Places of rows on the device, int32 [count]: sent once, where TensorFlow.js sends them with every operation. */
export function sendPlaces(places: Int32Array | readonly number[]): tf.Tensor1D {
  const values = Int32Array.from(places);
  const id = handleOf(values, 'int32', [values.length]);
  return nodeBackend().createOutputTensor({ id, shape: [values.length], dtype: typeCodes.int32 }) as tf.Tensor1D;
}

/** Some rows of a tensor of float32. @param places  as `sendPlaces` gives them @returns the caller owns it */
export function gatherFrom(matrix: tf.Tensor2D, places: tf.Tensor1D): tf.Tensor2D {
  const id = gatherRows(nodeBackend().getInputTensorIds([matrix])[0]!, 'float32', places);
  return asTensor(id, [places.shape[0], matrix.shape[1]]);
}

/** A matrix of a file on the device. */
export interface DeviceMatrix {
  bytes: number;
  /** Some of its rows as float32, [places, columns]; the caller owns them. */
  rows(places: tf.Tensor1D): tf.Tensor2D;
  dispose(): void;
}

/**
 * Put a matrix on the device as its file holds it: each number becomes float32 when its row is taken.
 * @param bytes  row-major, little-endian; not to be changed as long as it lives, which may lie in them
 */
export function sendMatrix(bytes: Uint8Array, shape: [number, number], dtype: FloatKind): DeviceMatrix {
  const { binding } = nodeBackend();
  const kind = kinds[dtype];
  const handle = handleOfBytes(bytes, kind, shape);
  return {
    bytes: bytes.length,
    rows(places) {
      const gathered = gatherRows(handle, kind, places);
      if (kind === 'float32') return asTensor(gathered, [places.shape[0], shape[1]]);
      const truncate = { name: 'Truncate', type: binding.TF_ATTR_BOOL, value: false };
      const attributes = [typeAttribute('SrcT', kind), typeAttribute('DstT', 'float32'), truncate];
      const [wide] = binding.executeOp('Cast', attributes, [gathered], 1);
      binding.deleteTensor(gathered);
      return asTensor(wide!.id, wide!.shape);
    },
    dispose: () => binding.deleteTensor(handle),
  };
}

const kinds = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const;

/**
 * Some rows of a matrix on the device.
 * @param matrix  its handle
 * @param places  as `sendPlaces` gives them; none may lie outside, which nobody checks
 * @returns       a handle that the caller owns
 */
function gatherRows(matrix: number, kind: NumberKind, places: tf.Tensor1D): number {
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

const asTensor = (id: number, shape: number[]) =>
  nodeBackend().createOutputTensor({ id, shape, dtype: typeCodes.float32 }) as tf.Tensor2D;
