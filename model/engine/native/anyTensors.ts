import { tf } from '../tf.js';
import { nodeBackend, type Attribute } from './nodeBackend.js';
import type { RawTensor } from './rawTensors.js';
import { typeCodes, type NumberKind } from './typeCodes.js';

/** A tensor that operations called by their names take, whether or not TensorFlow.js has its kind. */
export type AnyTensor = tf.Tensor | HeldTensor;

/** A tensor that no scope of TensorFlow.js knows of. */
export type HeldTensor = Pick<RawTensor, 'id' | 'shape'>;

/** A tensor's kind and shape. */
interface Form {
  kind: NumberKind;
  shape: readonly number[];
}

/**
 * Tensors of kinds that TensorFlow.js lacks, as tensors of TensorFlow.js that claim to be float32: scopes keep and free them like
 * any other, and operations called by name read their true kind. None may be read or given to an operation of TensorFlow.js
 * unless it is float32.
 */
export function anyTensors() {
  const backend = nodeBackend();
  const { binding } = backend;
  const type = (name: string, kind: NumberKind) => ({ name, type: binding.TF_ATTR_TYPE, value: typeCodes[kind] });
  const integer = (name: string, value: number) => ({ name, type: binding.TF_ATTR_INT, value });
  const idOf = (tensor: AnyTensor) =>
    tensor instanceof tf.Tensor ? backend.getInputTensorIds([tensor])[0]! : tensor.id;
  const wrapped = (id: number, shape: readonly number[]) =>
    backend.createOutputTensor({ id, shape: [...shape], dtype: typeCodes.float32 });
  const run = (operation: string, attributes: Attribute[], inputs: number[]): tf.Tensor => {
    const { id, shape } = binding.executeOp(operation, attributes, inputs, 1)[0]!;
    return wrapped(id, shape);
  };
  const hostInteger = (value: number) => binding.createTensor([], typeCodes.int32, Int32Array.of(value));

  return {
    /** What the binding knows it by. */
    idOf,

    /** Make a function known, from its FunctionDef. */
    addFunction: (definition: Uint8Array) => binding.addFunction(Buffer.from(definition)),

    /** Call a function by its name; the caller owns what it gives. */
    callFunction: (name: string, inputs: readonly AnyTensor[], gives: readonly Form[]): tf.Tensor[] =>
      binding
        .executeOp(name, [], inputs.map(idOf), gives.length)
        .map(({ id }, place) => wrapped(id, gives[place]!.shape)),

    /** Numbers on the device for good, given as their bytes: no scope frees them. */
    hold(kind: 'float32' | 'bfloat16' | 'uint8', shape: number[], bytes: Uint8Array): HeldTensor {
      if (kind === 'uint8') return { id: binding.createTensor(shape, typeCodes.uint8, bytes), shape };
      const raw = binding.createTensor([...shape, kind === 'float32' ? 4 : 2], typeCodes.uint8, bytes);
      const [made] = binding.executeOp('Bitcast', [type('T', 'uint8'), type('type', kind)], [raw], 1);
      binding.deleteTensor(raw);
      return { id: made!.id, shape };
    },

    /** Whole numbers as bytes, [...shape, 4]: TensorFlow leaves those that it knows as int32 on the host. */
    integers: (values: Int32Array, shape: readonly number[]): tf.Tensor =>
      wrapped(
        binding.createTensor(
          [...shape, 4],
          typeCodes.uint8,
          new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
        ),
        [...shape, 4],
      ),

    /** What `integers` gave, as int32 on the device. */
    asInt32: (bytes: tf.Tensor) => run('Bitcast', [type('T', 'uint8'), type('type', 'int32')], [idOf(bytes)]),

    /** Rows of x. @param places  from `asInt32`, [count] */
    gatherRows(x: AnyTensor, kind: NumberKind, places: tf.Tensor): tf.Tensor2D {
      const axis = hostInteger(0);
      const attributes = [
        type('Tparams', kind),
        type('Tindices', 'int32'),
        type('Taxis', 'int32'),
        integer('batch_dims', 0),
      ];
      const rows = run('GatherV2', attributes, [idOf(x), idOf(places), axis]);
      binding.deleteTensor(axis);
      return rows as tf.Tensor2D;
    },

    /** Rows on top of each other. */
    stackRows(parts: readonly AnyTensor[], kind: NumberKind): tf.Tensor2D {
      const axis = hostInteger(0);
      const attributes = [type('T', kind), type('Tidx', 'int32'), integer('N', parts.length)];
      const rows = run('ConcatV2', attributes, [...parts.map(idOf), axis]);
      binding.deleteTensor(axis);
      return rows as tf.Tensor2D;
    },

    /** The same numbers of another kind. */
    cast(x: tf.Tensor, from: NumberKind, to: NumberKind): tf.Tensor {
      const truncate = { name: 'Truncate', type: binding.TF_ATTR_BOOL, value: false };
      return run('Cast', [type('SrcT', from), type('DstT', to), truncate], [idOf(x)]);
    },
  };
}
