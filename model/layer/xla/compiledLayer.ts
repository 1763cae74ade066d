import { projections, type Projection } from '../../../configs/schema.js';
import { matrixName } from '../../../checkpoints/adapter/names.js';
import { adapterKeys } from '../../engine/dropoutMask.js';
import { anyTensors, type AnyTensor, type HeldTensor } from '../../engine/native/anyTensors.js';
import { tf } from '../../engine/tf.js';
import type { LayerWeights } from '../paddedLayer.js';
import { addGradient, type Gradients } from '../stackedLora.js';
import { attentionGradientOf, attentionOf, type CompiledChunk } from './compiledChunk.js';
import { qkvWidth } from './layerShape.js';

/** What the gradient of a layer needs of its forward pass, by the names that its functions give it. Freed by `disposeActivations`. */
export type CompiledActivations = Record<string, tf.Tensor2D>;

/**
 * A decoder layer's forward pass as functions compiled by XLA, but for its last projection. They take `x` over.
 * @param x     [chunk.rows, hidden]
 * @param last  only the last token of each text is wanted behind the attention: [last rows, ...]
 */
export function forwardLayer(
  x: tf.Tensor2D,
  weights: LayerWeights,
  chunk: CompiledChunk,
  { last = false } = {},
): CompiledActivations {
  const { shape } = chunk;
  const native = anyTensors();
  const given = givenWeights(weights);
  const stage = last ? chunk.last : chunk.all;
  const attended = chunk.all.functions.qkv().call({ ...given, x, ...keysOf(chunk.all) });
  return tf.tidy(() => {
    const parts = chunk.slices.map((slice) => {
      const { places, lengths, turns } = slice;
      const qkv = native.gatherRows(attended['qkv']!, shape.wide, places);
      const call = { qkv, lengths, cosines: turns.cos, sines: turns.sin };
      return attentionOf(shape, slice).call(call)['attentionOutput']!;
    });
    const everywhere = native.stackRows([...parts, zeroRow(shape.wide, shape.heads * shape.headDim)], shape.wide);
    const attentionOutput = native.gatherRows(everywhere, shape.wide, stage.places);
    const residual = last ? native.gatherRows(x, 'float32', chunk.lastRows) : x;
    const opened = stage.functions.middle().call({ ...given, attentionOutput, x: residual, ...keysOf(stage) });
    return { x, ...attended, attentionOutput, ...opened };
  });
}

/** The layer's output from the activations it saved. @returns the caller owns it */
export function finishLayer(
  activations: CompiledActivations,
  weights: LayerWeights,
  chunk: CompiledChunk,
  { last = false } = {},
): tf.Tensor2D {
  const stage = last ? chunk.last : chunk.all;
  return stage.functions.down().call({ ...givenWeights(weights), ...activations, ...keysOf(stage) })['y']!;
}

/**
 * Send a gradient back through a layer.
 * @param upstream    gradient for the layer's output, zeros where a row belongs to no text; consumed
 * @param activations  consumed
 * @param into        gradients of the layer's adapters are added to what is there, under `layers.N.…`
 * @param needsInput  the gradient for the layer's input is wanted
 * @returns           that gradient, [chunk.rows, hidden]; the caller owns it
 */
export function layerGradient(
  upstream: tf.Tensor2D,
  activations: CompiledActivations,
  layer: number,
  weights: LayerWeights,
  chunk: CompiledChunk,
  into: Gradients,
  { last = false, needsInput }: { last?: boolean; needsInput: boolean },
): tf.Tensor2D | undefined {
  const { shape } = chunk;
  const native = anyTensors();
  const given = givenWeights(weights);
  const stage = last ? chunk.last : chunk.all;
  const add = (results: CompiledActivations) => addGradients(into, layer, results);

  const opened = stage.functions.downGradient().call({ ...given, ...activations, dY: upstream, ...keysOf(stage) });
  add(opened);
  tf.dispose([activations['gate']!, activations['up']!]);
  const back = stage.functions
    .middleGradient()
    .call({ ...given, ...activations, ...opened, dY: upstream, ...keysOf(stage) });
  add(back);
  tf.dispose([
    upstream,
    opened['dGate']!,
    opened['dUp']!,
    ...named(activations, ['h', 'attentionOutput', 'inner.o', 'inner.gateUp']),
  ]);

  const dAttentionOutput = last ? spread(back['dAttentionOutput']!, shape.wide, chunk) : back['dAttentionOutput']!;
  const dQkv = tf.tidy(() => {
    const parts = chunk.slices.map((slice) => {
      const { places, lengths, turns } = slice;
      const qkv = native.gatherRows(activations['qkv']!, shape.wide, places);
      const dPlaces = native.gatherRows(dAttentionOutput, shape.wide, places);
      const call = { qkv, dAttentionOutput: dPlaces, lengths, cosines: turns.cos, sines: turns.sin };
      return attentionGradientOf(shape, slice).call(call)['dQkv']!;
    });
    const everywhere = native.stackRows([...parts, zeroRow(shape.wide, qkvWidth(shape))], shape.wide);
    return native.gatherRows(everywhere, shape.wide, chunk.all.places);
  });
  tf.dispose([dAttentionOutput, activations['qkv']!]);
  const dH = needsInput && last ? spread(back['dH']!, 'float32', chunk) : back['dH']!;
  const attended = chunk.all.functions
    .qkvGradient(needsInput)
    .call({ ...given, ...activations, dQkv, dH, ...keysOf(chunk.all) });
  add(attended);
  tf.dispose([dQkv, dH, activations['x']!, ...named(activations, ['inner.qkv'])]);
  return attended['dX'];
}

/** Free what is left of them. */
export function disposeActivations(activations: CompiledActivations, { keepInput = false } = {}): void {
  for (const [name, tensor] of Object.entries(activations)) if (name !== 'x' || !keepInput) tensor.dispose();
}

/** Rows of a chunk's tokens, or of its texts, with rows of zeros behind them. Consumes `x`. */
export function fillRows(x: tf.Tensor2D, places: tf.Tensor): tf.Tensor2D {
  const native = anyTensors();
  const filled = tf.tidy(() => {
    const behind = native.stackRows([x, zeroRow('float32', x.shape[1])], 'float32');
    return native.gatherRows(behind, 'float32', places);
  });
  x.dispose();
  return filled;
}

/** Rows of the last tokens at their places among all, zeros elsewhere. Consumes `x`. */
function spread(x: tf.Tensor2D, kind: 'float32' | 'bfloat16', { textOfRow }: CompiledChunk): tf.Tensor2D {
  const native = anyTensors();
  const everywhere = tf.tidy(() =>
    native.gatherRows(native.stackRows([x, zeroRow(kind, x.shape[1])], kind), kind, textOfRow),
  );
  x.dispose();
  return everywhere;
}

function addGradients(into: Gradients, layer: number, results: CompiledActivations): void {
  for (const target of projections)
    for (const matrix of ['a', 'b'] as const) {
      const gradient = results[`${target}.${matrix}`];
      if (gradient) addGradient(into, `${matrixName(layer, target)}.lora_${matrix.toUpperCase()}`, gradient);
    }
}

const named = (activations: CompiledActivations, names: string[]) =>
  names.flatMap((name) => (activations[name] ? [activations[name]] : []));

const keysOf = ({ rowKeys }: { rowKeys: tf.Tensor | undefined }) => (rowKeys ? { rowKeys } : {});

/** A layer's weights under the names that its functions take them by. */
function givenWeights(weights: LayerWeights): Record<string, AnyTensor> {
  const { inputNorm, postAttentionNorm } = weights;
  const given: Record<string, AnyTensor> = { inputNorm, postAttentionNorm, adapterKeys: keysOfAdapters(weights) };
  for (const target of projections) {
    const { weight, bias, adapter } = weights[target];
    if (weight instanceof tf.Tensor) throw new Error('a weight that learns has no compiled layer');
    given[`${target}.weight`] = 'raw' in weight.held ? weight.held.raw : weight.held.tensor;
    if (bias) given[`${target}.bias`] = bias;
    if (adapter) Object.assign(given, { [`${target}.a`]: adapter.a, [`${target}.b`]: adapter.b });
  }
  return given;
}

/** Keys of a layer's adapters as bytes, on the device for good: layers have the same in every run. */
function keysOfAdapters(weights: LayerWeights): HeldTensor {
  const numbers = projections.map((target: Projection) => weights[target].adapter?.number ?? 0);
  const key = numbers.join();
  if (!heldKeys.has(key)) {
    const keys = Int32Array.from(numbers.flatMap(adapterKeys));
    heldKeys.set(key, anyTensors().hold('uint8', [projections.length, 2, 4], new Uint8Array(keys.buffer)));
  }
  return heldKeys.get(key)!;
}
const heldKeys = new Map<string, HeldTensor>();

/** On the device for good. */
function zeroRow(kind: 'float32' | 'bfloat16', width: number): HeldTensor {
  const key = `${kind} ${width}`;
  if (!zeroRows.has(key))
    zeroRows.set(key, anyTensors().hold(kind, [1, width], new Uint8Array(width * (kind === 'float32' ? 4 : 2))));
  return zeroRows.get(key)!;
}
const zeroRows = new Map<string, HeldTensor>();
