import type { Projection } from '../../configs/schema.js';
import { fusedOps, type PackedDropout, type PackedPlaces } from '../engine/fused/fusedOps.js';
import type { FrozenMatrix } from '../engine/product/frozenMatrix.js';
import { multiplyStacked } from '../engine/product/multiplyStacked.js';
import { tf } from '../engine/tf.js';
import type { LayerWeights } from './paddedLayer.js';
import type { ModelConfig } from '../modelConfig.js';
import type { Linear } from './linear.js';
import {
  addThinGradients,
  disposeThin,
  noThinMatrices,
  thinDropout,
  thinMatrices,
  type Gradients,
} from './thinMatrices.js';

/** What the gradient of a layer needs of its forward pass; freed by `disposeTrace`, its input included. */
export interface LayerTrace {
  /** Input of the layer, [rows, hidden] */
  x: tf.Tensor2D;
  /** Queries, keys and values side by side, [rows, (heads + 2 kvHeads) * headDim] */
  qkv: tf.Tensor2D;
  /** Output of the attention for the wanted rows, [wanted, heads * headDim] */
  mixed: tf.Tensor2D;
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
  const trace = traceLayer(x, weights, chunk, only);
  const output = finishLayer(trace, weights, chunk, only);
  disposeTrace(trace, { keepInput: true });
  return output;
}

/** Everything of a layer's forward pass but its last projection. The trace takes `x` over. */
export function traceLayer(x: tf.Tensor2D, weights: LayerWeights, chunk: PackedChunk, only?: tf.Tensor1D): LayerTrace {
  const { config, places, dropout } = chunk;
  const { heads, kvHeads, normEpsilon } = config;
  const ops = fusedOps();
  const wanted = only ? dropout.last : dropout.all;
  const normed = ops.norm(x, weights.inputNorm, normEpsilon);
  const qkv = project(normed, weights, ['q', 'k', 'v'], dropout.all);
  normed.dispose();
  const everywhere = ops.attention(qkv, places, heads, kvHeads);
  const mixed = only ? tf.gather(everywhere, only) : everywhere;
  const residual = only ? tf.gather(x, only) : x;
  const h = project(mixed, weights, ['o'], wanted, residual);
  if (only) tf.dispose([everywhere, residual]);
  const normedAgain = ops.norm(h, weights.postAttentionNorm, normEpsilon);
  const both = project(normedAgain, weights, ['gate', 'up'], wanted);
  normedAgain.dispose();
  return { x, qkv, mixed, h, both };
}

/** The layer's output from its trace. @param only  as in `traceLayer` @returns the caller owns it */
export function finishLayer(
  { h, both }: LayerTrace,
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
 * @param trace       consumed
 * @param into        gradients of the layer's adapters are added to what is there, under `layers.N.…`
 * @param only        as in the forward pass
 * @param needsInput  the gradient for the layer's input is wanted
 * @returns           that gradient, [rows, hidden]; the caller owns it
 */
export function fusedLayerGradient(
  upstream: tf.Tensor2D,
  trace: LayerTrace,
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
  const dGated = down.sendBack();
  const [dBoth, gated] = ops.swigluGradient(dGated, trace.both);
  tf.dispose([dGated, trace.both]);
  down.close(gated);
  gated.dispose();

  const gateUp = openBack(dBoth, ['gate', 'up'], step);
  const normedAgain = ops.norm(trace.h, weights.postAttentionNorm, normEpsilon);
  const dNormedAgain = gateUp.sendBack();
  gateUp.close(normedAgain);
  tf.dispose([dBoth, normedAgain]);
  const dH = ops.normGradient(dNormedAgain, trace.h, weights.postAttentionNorm, upstream, normEpsilon);
  tf.dispose([dNormedAgain, upstream, trace.h]);

  const out = openBack(dH, ['o'], step);
  const dMixed = out.sendBack();
  out.close(trace.mixed);
  trace.mixed.dispose();
  const dEverywhere = only ? spreadRows(dMixed, only, trace.x.shape[0]) : dMixed;
  const dQkv = ops.attentionGradient(dEverywhere, trace.qkv, places, heads, kvHeads);
  dEverywhere.dispose();
  trace.qkv.dispose();

  const attended = openBack(dQkv, ['q', 'k', 'v'], { ...step, dropout: dropout.all });
  const normed = ops.norm(trace.x, weights.inputNorm, normEpsilon);
  const dNormed = needsInput ? attended.sendBack() : undefined;
  attended.close(normed);
  tf.dispose([dQkv, normed]);
  const residual = needsInput && only ? spreadRows(dH, only, trace.x.shape[0]) : dH;
  const dX = dNormed && ops.normGradient(dNormed, trace.x, weights.inputNorm, residual, normEpsilon);
  tf.dispose([residual, trace.x, ...(dNormed ? [dNormed] : [])]);
  return dX;
}

/** Free what is left of a trace. */
export function disposeTrace({ x, qkv, mixed, h, both }: LayerTrace, { keepInput = false } = {}): void {
  tf.dispose([qkv, mixed, h, both, ...(keepInput ? [] : [x])]);
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
  const thin = thinMatrices(linears);
  const biases = linears.flatMap(({ bias }) => (bias ? [bias] : []));
  if (!thin && biases.length === 0 && !residual) return y;
  tf.tidy(() => {
    const ops = fusedOps();
    const bias = biases.length > 0 ? tf.concat(biases) : tf.tensor1d([]);
    const masks = thinDropout(linears, dropout);
    const inner = thin ? ops.lowRankIn(x, thin, masks) : tf.tensor2d([], [0, 1]);
    ops.addLowRankOut(y, inner, thin ?? noThinMatrices(), bias, residual ?? tf.tensor1d([]));
  });
  if (thin) disposeThin(thin);
  return y;
}

interface BackStep {
  layer: number;
  weights: LayerWeights;
  dropout: PackedDropout;
  into: Gradients;
}

/** The backward pass of projections side by side: `sendBack` gives the gradient for their input, `close` those of the adapters. */
function openBack(dy: tf.Tensor2D, group: Group, { layer, weights, dropout, into }: BackStep) {
  const linears = group.map((target) => weights[target]);
  const ops = fusedOps();
  const thin = thinMatrices(linears);
  const masks = thinDropout(linears, dropout);
  const dInner = thin && ops.lowRankOutGradient(dy, thin);
  return {
    sendBack(): tf.Tensor2D {
      const dx = multiplyStacked(dy, frozen(linears), { transpose: false });
      if (thin && dInner) ops.addLowRankInGradient(dx, dInner, thin, masks);
      return dx;
    },
    close(x: tf.Tensor2D): void {
      if (thin && dInner) {
        const inner = ops.lowRankIn(x, thin, masks);
        const a = ops.gradientOfA(dInner, x, masks);
        const b = ops.gradientOfB(dy, inner, thin);
        addThinGradients(into, layer, group, linears, a, b);
        tf.dispose([inner, a, b, dInner]);
        disposeThin(thin);
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
