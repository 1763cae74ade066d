import { nativeBackend } from '../native/rawTensors.js';
import { tf } from '../tf.js';

/** Adapters that share an input or lie side by side in an output, as the fused operations take them. */
export interface StackedLora {
  /** A of each, one below the other: [adapters * rank, in] */
  a: tf.Tensor2D;
  /** B of each, one below the other: [sum of outs, rank] */
  b: tf.Tensor2D;
  /** Columns of each one's output, int32 [adapters] */
  widths: tf.Tensor1D;
  /** alpha / rank */
  scale: number;
}

/** The rows of a packed chunk, as `RowDropout` has them: int32 [rows, 2], or none where nothing is dropped. */
export interface PackedDropout {
  rate: number;
  keys: tf.Tensor2D;
}

/** Which elements of the adapters' inputs are dropped. */
export interface LoraDropout {
  rate: number;
  /** int32 [rows, 2], or none where nothing is dropped */
  rowKeys: tf.Tensor2D;
  /** int32 [adapters, 2] */
  adapterKeys: tf.Tensor2D;
}

/**
 * Rotary tables [time, headDim / 2], or of as many rows as the texts have together where they are not turned alike; and
 * where each text begins among the rows, with the end of the last (cu_seqlens): int32 [texts + 1].
 */
export interface PackedPlaces {
  cosines: tf.Tensor2D;
  sines: tf.Tensor2D;
  starts: tf.Tensor1D;
  /** A place sees itself and those before it in its text; otherwise all of them. */
  isCausal: boolean;
}

/** How the columns of queries, keys and values fall into heads. */
export interface PackedHeads {
  heads: number;
  kvHeads: number;
}

/** The best rows of each query so far, in no order: scores and int32 rows [queries, depth], how many of each, int32 [queries]. */
export interface KeptRows {
  scores: tf.Tensor2D;
  rows: tf.Tensor2D;
  sizes: tf.Tensor1D;
}

/**
 * Passes over activations that TensorFlow has no single operation for, as one operation each, on the processor alone:
 * compiled from model/engine/fused beside the binding. None has a gradient of its own; what they return the caller owns.
 */
export function fusedOps() {
  const { runByName, float, integer } = nativeBackend();
  const one = (name: string, inputs: tf.Tensor[], attributes: ReturnType<typeof float>[] = []) =>
    runByName(name, inputs, attributes, 1)[0]! as tf.Tensor2D;
  const inPlace = (name: string, inputs: tf.Tensor[], attributes: ReturnType<typeof float>[] = []) =>
    one(name, inputs, attributes).dispose();
  const tablesOf = ({ cosines, sines, starts }: PackedPlaces) => [cosines, sines, starts];
  const attentionSettings = ({ isCausal }: PackedPlaces, { heads, kvHeads }: PackedHeads) => [
    ...[integer('heads', heads), integer('key_heads', kvHeads)],
    integer('causal', isCausal ? 1 : 0),
  ];

  return {
    /** x / rms(x) * gain */
    norm: (x: tf.Tensor2D, gain: tf.Tensor1D, epsilon: number) =>
      one('TercetNorm', [x, gain], [float('epsilon', epsilon)]),
    /** The gradient of `norm` for x, plus `residual`. */
    normGradient: (dy: tf.Tensor2D, x: tf.Tensor2D, gain: tf.Tensor1D, residual: tf.Tensor2D, epsilon: number) =>
      one('TercetNormGradient', [dy, x, gain, residual], [float('epsilon', epsilon)]),

    /** silu(left half) * right half of the columns. */
    swiglu: (both: tf.Tensor2D) => one('TercetSwiglu', [both]),
    /** The gradient of `swiglu`, and its value once more. */
    swigluGradient: (dy: tf.Tensor2D, both: tf.Tensor2D) =>
      runByName('TercetSwigluGradient', [dy, both], [], 2) as [tf.Tensor2D, tf.Tensor2D],

    /** Attention within the texts of packed rows. qkv: [rows, (heads + 2 kvHeads) * headDim], not yet turned. */
    attention: (qkv: tf.Tensor2D, places: PackedPlaces, heads: PackedHeads) =>
      one('TercetAttention', [qkv, ...tablesOf(places)], attentionSettings(places, heads)),
    attentionGradient: (dy: tf.Tensor2D, qkv: tf.Tensor2D, places: PackedPlaces, heads: PackedHeads) =>
      one('TercetAttentionGradient', [dy, qkv, ...tablesOf(places)], attentionSettings(places, heads)),

    /** scale * drop(x) Aᵀ of each adapter, side by side: [rows, adapters * rank]. */
    lowRankIn: (x: tf.Tensor2D, { a, scale }: StackedLora, { rate, adapterKeys, rowKeys }: LoraDropout) =>
      one('TercetLowRankIn', [x, a, adapterKeys, rowKeys], [float('scale', scale), float('rate', rate)]),
    /** Adds what `lowRankIn` gives as the gradient of x to `into`, in place. */
    addLowRankInGradient: (
      into: tf.Tensor2D,
      dInner: tf.Tensor2D,
      { a }: StackedLora,
      { rate, adapterKeys, rowKeys }: LoraDropout,
    ) => inPlace('TercetLowRankInGradient', [into, dInner, a, adapterKeys, rowKeys], [float('rate', rate)]),
    /** Adds inner Bᵀ, the bias and the residual to y, in place; an empty tensor stands for one that is not there. */
    addLowRankOut: (
      y: tf.Tensor2D,
      inner: tf.Tensor2D,
      { b, widths }: StackedLora,
      bias: tf.Tensor,
      residual: tf.Tensor,
    ) => inPlace('TercetLowRankOut', [y, inner, b, widths, bias, residual]),
    /** The gradient of `addLowRankOut` for what `lowRankIn` made, its scale included. */
    lowRankOutGradient: (dy: tf.Tensor2D, { b, widths, scale }: StackedLora) =>
      one('TercetLowRankOutGradient', [dy, b, widths], [float('scale', scale)]),
    /** Gradient of A: dInnerᵀ drop(x), [adapters * rank, in]. */
    gradientOfA: (dInner: tf.Tensor2D, x: tf.Tensor2D, { rate, adapterKeys, rowKeys }: LoraDropout) =>
      one('TercetGradientOfA', [dInner, x, adapterKeys, rowKeys], [float('rate', rate)]),
    /** Gradient of B: dyᵀ inner, [sum of outs, rank]. */
    gradientOfB: (dy: tf.Tensor2D, inner: tf.Tensor2D, { widths }: StackedLora) =>
      one('TercetGradientOfB', [dy, inner, widths]),

    /**
     * Offers scores [queries, rows] of rows `first`, `first` + 1, ... to the best rows of each query, in place.
     * @returns query and row of a score that is not a number, counted in `scores`; undefined where there is none
     */
    keepTopRows({ scores, rows, sizes }: KeptRows, offered: tf.Tensor2D, first: number): [number, number] | undefined {
      const place = tf.tensor1d([first], 'int32');
      const damaged = one('TercetKeepTopRows', [scores, rows, sizes, offered, place]);
      const [query, row] = damaged.dataSync<'float32'>();
      tf.dispose([place, damaged]);
      return query! < 0 ? undefined : [query!, row!];
    },
  };
}
