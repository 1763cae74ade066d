import { tf } from '../tf.js';
import { nodeBackend } from './nodeBackend.js';
import { typeCodes, type NumberKind } from './typeCodes.js';

/** Numbers on the device for good: a card finishes all that it was told to do before it takes one that it is sent. */
const kept = new Map<string, number>();

/** A number of the device by its handle, never to be freed: sent there the first time that it is asked for. */
export function keptNumber(value: number, kind: 'float32' | 'uint32', shape: readonly number[] = []): number {
  const name = `${kind} ${shape.join()} ${value}`;
  const known = kept.get(name);
  if (known !== undefined) return known;
  const made = handleOf(kind === 'float32' ? Float32Array.of(value) : Uint32Array.of(value), kind, shape);
  kept.set(name, made);
  return made;
}

/** Whole numbers of 0 up to a length, each joined with its upper half by exclusive or, [1, length], as `keptNumber`. */
export function keptHalves(length: number): number {
  const name = `halves ${length}`;
  const made =
    kept.get(name) ??
    handleOf(
      Uint32Array.from({ length }, (_, place) => place ^ (place >>> 16)),
      'uint32',
      [1, length],
    );
  kept.set(name, made);
  return made;
}

/** x by an operation of two sides whose other one is a number. @returns the caller owns it */
export function withKept(operation: 'AddV2' | 'Mul' | 'Maximum' | 'GreaterEqual', x: tf.Tensor, value: number) {
  const backend = nodeBackend();
  const attributes = [typeAttribute('T', 'float32')];
  const inputs = [backend.getInputTensorIds([x])[0]!, keptNumber(value, 'float32')];
  return backend.createOutputTensor(backend.binding.executeOp(operation, attributes, inputs, 1)[0]!);
}

/** A number again and again. @returns the caller owns it */
export function filled(shape: number[], value: number): tf.Tensor {
  const backend = nodeBackend();
  const { binding } = backend;
  const dimensions = binding.createTensor([shape.length], typeCodes.int32, Int32Array.from(shape));
  const attributes = [typeAttribute('T', 'float32'), typeAttribute('index_type', 'int32')];
  const [made] = binding.executeOp('Fill', attributes, [dimensions, keptNumber(value, 'float32')], 1);
  binding.deleteTensor(dimensions);
  return backend.createOutputTensor(made!);
}

/** Numbers of four bytes on the device. Sent as bytes: those that TensorFlow.js calls int32 the binding leaves on the host. */
export function handleOf(
  values: Float32Array | Int32Array | Uint32Array,
  kind: 'float32' | 'int32' | 'uint32',
  shape: readonly number[],
): number {
  return handleOfBytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), kind, shape);
}

/** Numbers of any kind on the device, from their bytes, which are not to be changed as long as it has them. */
export function handleOfBytes(bytes: Uint8Array, kind: NumberKind, shape: readonly number[]): number {
  const { binding } = nodeBackend();
  const size = shape.reduce((product, length) => product * length, 1);
  const raw = binding.createTensor([...shape, bytes.length / size], typeCodes.uint8, bytes);
  const attributes = [typeAttribute('T', 'uint8'), typeAttribute('type', kind)];
  const { id } = binding.executeOp('Bitcast', attributes, [raw], 1)[0]!;
  binding.deleteTensor(raw);
  return id;
}

/** An attribute that names a kind of number. */
export const typeAttribute = (name: string, kind: NumberKind) => ({
  name,
  type: nodeBackend().binding.TF_ATTR_TYPE,
  value: typeCodes[kind],
});
