import { fusedOps, type PackedDropout, type PackedHeads, type PackedPlaces } from '../../engine/fused/fusedOps.js';
import { tf } from '../../engine/tf.js';
import type { Linear } from '../linear.js';
import type { Gradients } from '../stackedLora.js';
import { openBack, project, type ProjectionGroup } from './projectionGroup.js';

/**
 * Weights of a block of attention and SwiGLU, each after RMSNorm and added back to its input: a layer of the decoder, or a
 * block of the vision tower.
 */
export interface FusedBlock {
  /** [hidden] */
  attentionNorm: tf.Tensor1D;
  /** [hidden] */
  feedForwardNorm: tf.Tensor1D;
  /** To queries, keys and values side by side. */
  qkv: ProjectionGroup;
  /** Behind the attention. */
  out: ProjectionGroup;
  /** To gate and up side by side. */
  gateUp: ProjectionGroup;
  down: ProjectionGroup;
}

/** Projections of a block that share an input. */
export const groupOf = <Target extends string>(
  weights: Record<Target, Linear>,
  ...targets: Target[]
): ProjectionGroup => targets.map((target) => ({ target, linear: weights[target] }));

/** What the gradient of a block needs of its forward pass; freed by `disposeActivations`, its input included. */
export interface BlockActivations {
  /** Input of the block, [rows, hidden] */
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

/** Texts, or windows of an image, laid one behind the other without padding, as the fused operations take them. */
export interface PackedChunk {
  places: PackedPlaces;
  config: PackedHeads & { normEpsilon: number };
  /** Of all rows, and of those that hold the last token of a text. */
  dropout: { all: PackedDropout; last: PackedDropout };
}

/**
 * A block in fused operations: the same sums in another order as those of paddedLayer.ts and, without causal masking, of
 * vision/tower.ts.
 * @param x     [rows, hidden]; stays the caller's
 * @param only  rows whose output is wanted, int32 [wanted], the last token of each text; every row when left out
 * @returns     [rows, hidden] or [wanted, hidden]; the caller owns it
 */
export function runBlock(x: tf.Tensor2D, block: FusedBlock, chunk: PackedChunk, only?: tf.Tensor1D): tf.Tensor2D {
  const activations = forwardBlock(x, block, chunk, only);
  const output = finishBlock(activations, block, chunk, only);
  disposeActivations(activations, { keepInput: true });
  return output;
}

/** Everything of a block's forward pass but its last projection. They take `x` over. */
export function forwardBlock(
  x: tf.Tensor2D,
  block: FusedBlock,
  chunk: PackedChunk,
  only?: tf.Tensor1D,
): BlockActivations {
  const { config, places, dropout } = chunk;
  const { normEpsilon } = config;
  const ops = fusedOps();
  const wanted = only ? dropout.last : dropout.all;
  const normed = ops.norm(x, block.attentionNorm, normEpsilon);
  const qkv = project(normed, block.qkv, dropout.all);
  normed.dispose();
  const everywhere = ops.attention(qkv, places, config);
  const attentionOutput = only ? tf.gather(everywhere, only) : everywhere;
  const residual = only ? tf.gather(x, only) : x;
  const h = project(attentionOutput, block.out, wanted, residual);
  if (only) tf.dispose([everywhere, residual]);
  const normedAgain = ops.norm(h, block.feedForwardNorm, normEpsilon);
  const both = project(normedAgain, block.gateUp, wanted);
  normedAgain.dispose();
  return { x, qkv, attentionOutput, h, both };
}

/** The block's output from the activations it saved. @param only  as in `forwardBlock` @returns the caller owns it */
export function finishBlock(
  { h, both }: BlockActivations,
  block: FusedBlock,
  { dropout }: PackedChunk,
  only?: tf.Tensor1D,
): tf.Tensor2D {
  const gated = fusedOps().swiglu(both);
  const output = project(gated, block.down, only ? dropout.last : dropout.all, h);
  gated.dispose();
  return output;
}

/**
 * Send a gradient back through a block.
 * @param upstream    gradient for the block's output; consumed
 * @param activations  consumed
 * @param into        gradients of the block's adapters are added to what is there
 * @param nameOf      the name that an adapter's gradients go by
 * @param only        as in the forward pass
 * @param needsInput  the gradient for the block's input is wanted
 * @returns           that gradient, [rows, hidden]; the caller owns it
 */
export function blockGradient(
  upstream: tf.Tensor2D,
  activations: BlockActivations,
  block: FusedBlock,
  chunk: PackedChunk,
  into: Gradients,
  nameOf: (target: string) => string,
  { only, needsInput }: { only: tf.Tensor1D | undefined; needsInput: boolean },
): tf.Tensor2D | undefined {
  const { config, places, dropout } = chunk;
  const { normEpsilon } = config;
  const ops = fusedOps();
  const step = { nameOf, into, dropout: only ? dropout.last : dropout.all };

  const down = openBack(upstream, block.down, step);
  const dGated = down.backward();
  const [dBoth, gated] = ops.swigluGradient(dGated, activations.both);
  tf.dispose([dGated, activations.both]);
  down.close(gated);
  gated.dispose();

  const gateUp = openBack(dBoth, block.gateUp, step);
  const normedAgain = ops.norm(activations.h, block.feedForwardNorm, normEpsilon);
  const dNormedAgain = gateUp.backward();
  gateUp.close(normedAgain);
  tf.dispose([dBoth, normedAgain]);
  const dH = ops.normGradient(dNormedAgain, activations.h, block.feedForwardNorm, upstream, normEpsilon);
  tf.dispose([dNormedAgain, upstream, activations.h]);

  const out = openBack(dH, block.out, step);
  const dAttentionOutput = out.backward();
  out.close(activations.attentionOutput);
  activations.attentionOutput.dispose();
  const dEverywhere = only ? spreadRows(dAttentionOutput, only, activations.x.shape[0]) : dAttentionOutput;
  const dQkv = ops.attentionGradient(dEverywhere, activations.qkv, places, config);
  dEverywhere.dispose();
  activations.qkv.dispose();

  const attended = openBack(dQkv, block.qkv, { ...step, dropout: dropout.all });
  const normed = ops.norm(activations.x, block.attentionNorm, normEpsilon);
  const dNormed = needsInput ? attended.backward() : undefined;
  attended.close(normed);
  tf.dispose([dQkv, normed]);
  const residual = needsInput && only ? spreadRows(dH, only, activations.x.shape[0]) : dH;
  const dX = dNormed && ops.normGradient(dNormed, activations.x, block.attentionNorm, residual, normEpsilon);
  tf.dispose([residual, activations.x, ...(dNormed ? [dNormed] : [])]);
  return dX;
}

/** Free what is left of them. */
export function disposeActivations(
  { x, qkv, attentionOutput, h, both }: BlockActivations,
  { keepInput = false } = {},
): void {
  tf.dispose([qkv, attentionOutput, h, both, ...(keepInput ? [] : [x])]);
}

/** Rows put at their places among `rows` rows of zeros; consumes nothing but `dy`. */
function spreadRows(dy: tf.Tensor2D, at: tf.Tensor1D, rows: number): tf.Tensor2D {
  const spread = tf.tidy(() => tf.scatterND(at.expandDims(1), dy, [rows, dy.shape[1]]));
  dy.dispose();
  return spread as tf.Tensor2D;
}
