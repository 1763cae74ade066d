import { tf } from '../tf.js';
import { nodeBackend, type Attribute, type Binding, type OpOutput } from './nodeBackend.js';
import { typeCodes } from './typeCodes.js';

/** A tensor of the native backend that TensorFlow.js cannot represent, such as one of bfloat16. Freed by `release`. */
export interface RawTensor {
  id: number;
  shape: number[];
  kind: HalfKind;
}

/** Numbers of two bytes. */
export type HalfKind = 'bfloat16' | 'float16';
/** Numbers as a file holds them, by the names of safetensors. */
export type FloatKind = 'F32' | 'F16' | 'BF16';

const { float32: FLOAT, int32: INT32, uint8: UINT8, bfloat16: BFLOAT16, float16: HALF } = typeCodes;

const codes = { float32: FLOAT, bfloat16: BFLOAT16, float16: HALF, F32: FLOAT, BF16: BFLOAT16, F16: HALF };

/** Which products round their sums, tried once a process. */
const rounding = new Map<HalfKind, boolean>();

/**
 * Operations of native TensorFlow that TensorFlow.js does not offer, called by name through its binding.
 * Source: `executeOp` of tfjs-node 4.22 (binding/tfjs_backend.cc), which passes any type attribute through.
 */
export function nativeBackend() {
  const backend = nodeBackend();
  const { binding } = backend;
  const type = (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_TYPE, value });
  const float = (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_FLOAT, value });
  const integer = (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_INT, value });
  const text = (name: string, value: string): Attribute => ({ name, type: binding.TF_ATTR_STRING, value });
  const flag = (name: string, value: boolean): Attribute => ({ name, type: binding.TF_ATTR_BOOL, value });
  const run = (op: string, attributes: Attribute[], inputs: number[]): OpOutput =>
    binding.executeOp(op, attributes, inputs, 1)[0]!;
  const cast = (id: number, from: number, to: number): OpOutput =>
    run('Cast', [type('SrcT', from), type('DstT', to), flag('Truncate', false)], [id]);

  /** Little-endian numbers on the device, converted there: rounded to the nearest, halves to even. */
  function upload(bytes: Uint8Array, shape: number[], from: FloatKind, to: HalfKind | 'float32'): OpOutput {
    const raw = binding.createTensor([...shape, from === 'F32' ? 4 : 2], UINT8, bytes);
    const stored = run('Bitcast', [type('T', UINT8), type('type', codes[from])], [raw]); // shares its memory
    binding.deleteTensor(raw);
    if (codes[from] === codes[to]) return stored;
    const converted = cast(stored.id, codes[from], codes[to]);
    binding.deleteTensor(stored.id);
    return converted;
  }

  /** Put a matrix on the device from the bytes of a file; it may lie in them, so they are not to be changed. */
  function uploadHalf(bytes: Uint8Array, shape: [number, number], from: FloatKind, kind: HalfKind): RawTensor {
    const { id } = upload(bytes, shape, from, kind);
    return { id, shape, kind };
  }

  /** As `uploadHalf`, as a tensor of TensorFlow.js of any shape. */
  function uploadFloat32(bytes: Uint8Array, shape: number[], from: FloatKind): tf.Tensor {
    return backend.createOutputTensor(upload(bytes, shape, from, 'float32'));
  }

  /**
   * Call an operation by its name on float32 and int32 tensors.
   * @returns what it makes, float32; the caller owns it
   */
  function runByName(name: string, inputs: tf.Tensor[], attributes: Attribute[], outputs: number): tf.Tensor[] {
    return binding
      .executeOp(name, attributes, backend.getInputTensorIds(inputs), outputs)
      .map((output) => backend.createOutputTensor(output));
  }

  /** x times a float32 matrix, without the detour that `tf.matMul` takes over a batch of one. */
  function multiplyFloat32(x: tf.Tensor2D, matrix: tf.Tensor2D, transposeMatrix: boolean): tf.Tensor2D {
    const attributes = [type('T', FLOAT), flag('transpose_a', false), flag('transpose_b', transposeMatrix)];
    return runByName('MatMul', [x, matrix], attributes, 1)[0] as tf.Tensor2D;
  }

  /** Stack matrices of one kind and as many columns on top of each other, as float32. */
  function castToFloat32(matrices: RawTensor[]): tf.Tensor2D {
    const ids = matrices.map(({ id }) => id);
    const attributes = [integer('count', ids.length), type('T', codes[matrices[0]!.kind])];
    return backend.createOutputTensor(run('TercetCastToFloat32', attributes, ids)) as tf.Tensor2D;
  }

  /** Stack matrices of one kind and as many columns on top of each other. Freed by `release`. */
  function stackHalf(matrices: RawTensor[]): RawTensor {
    const { kind } = matrices[0]!;
    const axis = binding.createTensor([], INT32, Int32Array.of(0));
    const attributes = [type('T', codes[kind]), type('Tidx', INT32), integer('N', matrices.length)];
    const { id, shape } = run('ConcatV2', attributes, [...matrices.map(({ id }) => id), axis]);
    binding.deleteTensor(axis);
    return { id, shape, kind };
  }

  /** x times a matrix in the matrix's kind: x is rounded to it, sums are rounded to it, the result is float32. */
  function multiplyHalf(x: tf.Tensor2D, matrix: RawTensor, transposeMatrix: boolean): tf.Tensor2D {
    return multiplyIn(roundsSums(matrix.kind) ? matrix.kind : 'float32', x, matrix, transposeMatrix);
  }

  /** As `multiplyHalf`, with the sums taken in one kind of number and then rounded to the matrix's. */
  function multiplyIn(
    sums: HalfKind | 'float32',
    x: tf.Tensor2D,
    matrix: RawTensor,
    transposeMatrix: boolean,
  ): tf.Tensor2D {
    const [code, wide] = [codes[matrix.kind], codes[sums]];
    const attributes = [type('T', wide), flag('transpose_a', false), flag('transpose_b', transposeMatrix)];
    const held: OpOutput[] = [];
    const converted = (id: number, from: number, to: number): number => {
      if (from === to) return id;
      held.push(cast(id, from, to));
      return held.at(-1)!.id;
    };
    try {
      const rounded = converted(backend.getInputTensorIds([x])[0]!, FLOAT, code);
      const factors = [converted(rounded, code, wide), converted(matrix.id, code, wide)];
      held.push(run('MatMul', attributes, factors));
      return backend.createOutputTensor(cast(converted(held.at(-1)!.id, wide, code), code, FLOAT)) as tf.Tensor2D;
    } finally {
      // Also when memory runs out on the way: no scope of TensorFlow.js knows of them.
      for (const { id } of held) binding.deleteTensor(id);
    }
  }

  /**
   * Does this processor's product of a kind round its sums? Where it has no instructions for bfloat16, TensorFlow cuts
   * them off instead: 515 became 512, where bfloat16 lies nearer to it with 516.
   */
  function roundsSums(kind: HalfKind): boolean {
    const known = rounding.get(kind);
    if (known !== undefined) return known;
    const matrix = uploadHalf(new Uint8Array(Float32Array.of(3, 4).buffer), [1, 2], 'F32', kind);
    const x = tf.tensor2d([[1, 128]]);
    const product = multiplyIn(kind, x, matrix, true);
    const [value] = product.dataSync();
    release(matrix);
    tf.dispose([x, product]);
    const rounds = value === (kind === 'bfloat16' ? 516 : 515);
    rounding.set(kind, rounds);
    return rounds;
  }

  /**
   * Cross-entropy of softmax(logits) in one pass over the logits, with its gradient.
   * @param logits   [rows, classes]
   * @param targets  int32 [rows]
   * @returns        loss of each row in nats, [rows], and its gradient for that row's logits, [rows, classes]
   */
  function softmaxCrossEntropy(
    logits: tf.Tensor2D,
    targets: tf.Tensor1D,
  ): { losses: tf.Tensor1D; dLogits: tf.Tensor2D } {
    const [losses, dLogits] = binding.executeOp(
      'SparseSoftmaxCrossEntropyWithLogits',
      [type('T', FLOAT), type('Tlabels', INT32)],
      backend.getInputTensorIds([logits, targets]),
      2,
    );
    return {
      losses: backend.createOutputTensor(losses!) as tf.Tensor1D,
      dLogits: backend.createOutputTensor(dLogits!) as tf.Tensor2D,
    };
  }

  /** Whether a product in this kind runs on this device and is right, tried on numbers that it holds exactly. */
  function multiplies(kind: HalfKind): boolean {
    try {
      const matrix = uploadHalf(new Uint8Array(Float32Array.of(1, 2).buffer), [2, 1], 'F32', kind);
      const x = tf.tensor2d([[3, 4]]);
      const product = multiplyHalf(x, matrix, false);
      const [value] = product.dataSync();
      release(matrix);
      tf.dispose([x, product]);
      return value === 11;
    } catch {
      return false;
    }
  }

  function release(tensor: RawTensor): void {
    binding.deleteTensor(tensor.id);
  }

  return {
    version: binding.TF_Version,
    /** Undefined where no driver of NVIDIA tells of one. */
    card: () => binding.card(),
    /** What ranks of one run exchange beside tensors. */
    exchange: binding as Pick<Binding, 'joinTrouble' | 'reportError' | 'publish' | 'published'>,
    type,
    text,
    float,
    integer,
    runByName,
    uploadHalf,
    uploadFloat32,
    multiplyFloat32,
    castToFloat32,
    stackHalf,
    multiplyHalf,
    softmaxCrossEntropy,
    multiplies,
    release,
  };
}
