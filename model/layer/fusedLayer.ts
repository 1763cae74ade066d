import type { Projection } from '../../configs/schema.js';
import { fusedOps, type PackedDropout, type PackedPlaces } from '../engine/fused/fusedOps.js';
import type { FrozenMatrix } from '../engine/product/frozenMatrix.js';
import { multiplyStacked } from '../engine/product/multiplyStacked.js';
import { tf } from '../engine/tf.js';
import type { LayerWeights } from './paddedLayer.js';
import type { ModelConfig } from '../modelConfig.js';
import type { Linear } from './linear.js';
import { addLoraGradients, disposeStacked, noLora, loraDropout, stackLora, type Gradients } from './stackedLora.js';

/** What the gradient of a layer needs of its forward pass; freed by `disposeActivations`, its input included. */
export interface LayerActivations {
  /** Input of the layer, [rows, hidden] */
  x: tf.Tensor2D;
  /** Queries, keys and values side by side, [rows, (heads + 2 kvHeads) * headDim] */
  qkv: tf.Tensor2D;
  /** Output of the attention for the rows that are asked for, [rows, heads * headDim] */
  attentionOutput: tf.Tensor2D;
  /** Behind the attention, [wanted, hidden] */
  h: tf.Tensor2D;
  /** Gate and up side by side, [wanted, 2 * intermediate] */
  both: tf.Tensor2D;
}

/** One chunk of texts laid one behind the other without padding, as the fused operations take it. */
export interface PackedChunk {
  places: PackedPlaces;
  config: ModelConfig;
  /** Of all rows, and of those that hold the last token of a text. */
  dropout: { all: PackedDropout; last: PackedDropout };
}

/**
 * The decoder layer of paddedLayer.ts in fused operations: the same sums in another order, on texts without padding.
 * @param x     [rows, hidden]; stays the caller's
 * @param only  rows whose output is wanted, int32 [wanted], the last token of each text; every row when left out
 * @returns     [rows, hidden] or [wanted, hidden]; the caller owns it
 */
export function fusedLayer(x: tf.Tensor2D, weights: LayerWeights, chunk: PackedChunk, only?: tf.Tensor1D): tf.Tensor2D {
  const activations = forwardLayer(x, weights, chunk, only);
  const output = finishLayer(activations, weights, chunk, only);
  disposeActivations(activations, { keepInput: true });
  return output;
}

/** Everything of a layer's forward pass but its last projection. They take `x` over. */
export function forwardLayer(
  x: tf.Tensor2D,
  weights: LayerWeights,
  chunk: PackedChunk,
  only?: tf.Tensor1D,
): LayerActivations {
  const { config, places, dropout } = chunk;
  const { heads, kvHeads, normEpsilon } = config;
  const ops = fusedOps();
  const wanted = only ? dropout.last : dropout.all;
  const normed = ops.norm(x, weights.inputNorm, normEpsilon);
  const qkv = project(normed, weights, ['q', 'k', 'v'], dropout.all);
  normed.dispose();
  const everywhere = ops.attention(qkv, places, heads, kvHeads);
  const attentionOutput = only ? tf.gather(everywhere, only) : everywhere;
  const residual = only ? tf.gather(x, only) : x;
  const h = project(attentionOutput, weights, ['o'], wanted, residual);
  if (only) tf.dispose([everywhere, residual]);
  const normedAgain = ops.norm(h, weights.postAttentionNorm, normEpsilon);
  const both = project(normedAgain, weights, ['gate', 'up'], wanted);
  normedAgain.dispose();
  return { x, qkv, attentionOutput, h, both };
}

/** The layer's output from the activations it saved. @param only  as in `forwardLayer` @returns the caller owns it */
export function finishLayer(
  { h, both }: LayerActivations,
  weights: LayerWeights,
  { dropout }: PackedChunk,
  only?: tf.Tensor1D,
): tf.Tensor2D {
  const gated = fusedOps().swiglu(both);
  const output = project(gated, weights, ['down'], only ? dropout.last : dropout.all, h);
  gated.dispose();
  return output;
}

/**
 * Send a gradient back through a layer.
 * @param upstream    gradient for the layer's output; consumed
 * @param activations  consumed
 * @param into        gradients of the layer's adapters are added to what is there, under `layers.N.…`
 * @param only        as in the forward pass
 * @param needsInput  the gradient for the layer's input is wanted
 * @returns           that gradient, [rows, hidden]; the caller owns it
 */
export function fusedLayerGradient(
  upstream: tf.Tensor2D,
  activations: LayerActivations,
  layer: number,
  weights: LayerWeights,
  chunk: PackedChunk,
  into: Gradients,
  { only, needsInput }: { only: tf.Tensor1D | undefined; needsInput: boolean },
): tf.Tensor2D | undefined {
  const { config, places, dropout } = chunk;
  const { heads, kvHeads, normEpsilon } = config;
  const ops = fusedOps();
  const step = { layer, weights, into, dropout: only ? dropout.last : dropout.all };

  const down = openBack(upstream, ['down'], step);
  const dGated = down.backward();
  const [dBoth, gated] = ops.swigluGradient(dGated, activations.both);
  tf.dispose([dGated, activations.both]);
  down.close(gated);
  gated.dispose();

  const gateUp = openBack(dBoth, ['gate', 'up'], step);
  const normedAgain = ops.norm(activations.h, weights.postAttentionNorm, normEpsilon);
  const dNormedAgain = gateUp.backward();
  gateUp.close(normedAgain);
  tf.dispose([dBoth, normedAgain]);
  const dH = ops.normGradient(dNormedAgain, activations.h, weights.postAttentionNorm, upstream, normEpsilon);
  tf.dispose([dNormedAgain, upstream, activations.h]);

  const out = openBack(dH, ['o'], step);
  const dAttentionOutput = out.backward();
  out.close(activations.attentionOutput);
  activations.attentionOutput.dispose();
  const dEverywhere = only ? spreadRows(dAttentionOutput, only, activations.x.shape[0]) : dAttentionOutput;
  const dQkv = ops.attentionGradient(dEverywhere, activations.qkv, places, heads, kvHeads);
  dEverywhere.dispose();
  activations.qkv.dispose();

  const attended = openBack(dQkv, ['q', 'k', 'v'], { ...step, dropout: dropout.all });
  const normed = ops.norm(activations.x, weights.inputNorm, normEpsilon);
  const dNormed = needsInput ? attended.backward() : undefined;
  attended.close(normed);
  tf.dispose([dQkv, normed]);
  const residual = needsInput && only ? spreadRows(dH, only, activations.x.shape[0]) : dH;
  const dX = dNormed && ops.normGradient(dNormed, activations.x, weights.inputNorm, residual, normEpsilon);
  tf.dispose([residual, activations.x, ...(dNormed ? [dNormed] : [])]);
  return dX;
}

/** Free what is left of them. */
export function disposeActivations(
  { x, qkv, attentionOutput, h, both }: LayerActivations,
  { keepInput = false } = {},
): void {
  tf.dispose([qkv, attentionOutput, h, both, ...(keepInput ? [] : [x])]);
}

type Group = Projection[];

/** x through some projections side by side, adapters and biases included, plus the residual. */
function project(
  x: tf.Tensor2D,
  weights: LayerWeights,
  group: Group,
  dropout: PackedDropout,
  residual?: tf.Tensor2D,
): tf.Tensor2D {
  const linears = group.map((target) => weights[target]);
  const y = multiplyStacked(x, frozen(linears), { transpose: true });
  const lora = stackLora(linears);
  const biases = linears.flatMap(({ bias }) => (bias ? [bias] : []));
  if (!lora && biases.length === 0 && !residual) return y;
  tf.tidy(() => {
    const ops = fusedOps();
    const bias = biases.length > 0 ? tf.concat(biases) : tf.tensor1d([]);
    const masks = loraDropout(linears, dropout);
    const inner = lora ? ops.lowRankIn(x, lora, masks) : tf.tensor2d([], [0, 1]);
    ops.addLowRankOut(y, inner, lora ?? noLora(), bias, residual ?? tf.tensor1d([]));
  });
  if (lora) disposeStacked(lora);
  return y;
}

interface BackStep {
  layer: number;
  weights: LayerWeights;
  dropout: PackedDropout;
  into: Gradients;
}

/** The backward pass of projections side by side: `backward` gives the gradient for their input, `close` those of the adapters. */
function openBack(dy: tf.Tensor2D, group: Group, { layer, weights, dropout, into }: BackStep) {
  const linears = group.map((target) => weights[target]);
  const ops = fusedOps();
  const lora = stackLora(linears);
  const masks = loraDropout(linears, dropout);
  const dInner = lora && ops.lowRankOutGradient(dy, lora);
  return {
    backward(): tf.Tensor2D {
      const dx = multiplyStacked(dy, frozen(linears), { transpose: false });
      if (lora && dInner) ops.addLowRankInGradient(dx, dInner, lora, masks);
      return dx;
    },
    close(x: tf.Tensor2D): void {
      if (lora && dInner) {
        const inner = ops.lowRankIn(x, lora, masks);
        const a = ops.gradientOfA(dInner, x, masks);
        const b = ops.gradientOfB(dy, inner, lora);
        addLoraGradients(into, layer, group, linears, a, b);
        tf.dispose([inner, a, b, dInner]);
        disposeStacked(lora);
      }
      masks.adapterKeys.dispose();
    },
  };
}

function frozen(linears: Linear[]): FrozenMatrix[] {
  return linears.map(({ weight }) => weight as FrozenMatrix);
}

/** Rows put at their places among `rows` rows of zeros; consumes nothing but `dy`. */
function spreadRows(dy: tf.Tensor2D, at: tf.Tensor1D, rows: number): tf.Tensor2D {
  const spread = tf.tidy(() => tf.scatterND(at.expandDims(1), dy, [rows, dy.shape[1]]));
  dy.dispose();
  return spread as tf.Tensor2D;
}
