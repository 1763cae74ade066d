import { UserError } from '../../configs/userError.js';
import type { ChunkDropout } from '../layer/dropout.js';
import { capabilities } from '../engine/capabilities.js';
import { tf } from '../engine/tf.js';
import type { Model } from '../layer/decoder.js';
import type { Parameters } from '../layer/lora.js';
import { backwardPacked, disposePacked, runPacked, type PackedPass } from './packedPass.js';
import { backwardPadded, disposePadded, runPadded, type PaddedPass } from './paddedPass.js';
import { rmsNorm } from '../layer/rmsNorm.js';
import type { Gradients } from '../layer/stackedLora.js';
import { unitRows } from '../layer/unitRows.js';

import { addRowGradients, hasInserted, type RowGradients } from './rowGradients.js';
import { lengthOf, longestOf, type Sequence } from './sequence.js';
import { atOnce, type Stepwise } from './stepwise.js';

export type { Gradients } from '../layer/stackedLora.js';

/** A chunk's embeddings together with what its gradient needs. Freed by `disposePass`. */
export interface Pass {
  /** [batch, hidden], unit length */
  embeddings: tf.Tensor2D;
  run: PackedPass | PaddedPass;
}

/**
 * Embed texts of like length: decoder, state of the last token, final norm, unit length.
 * @param texts    token ids, special tokens included
 * @param dropout  applied to adapter inputs, in training alone
 * @returns        [batch, hidden]; the caller owns it
 * @throws UserError for a text without a token
 */
export const encodeChunk = (model: Model, texts: readonly Sequence[], dropout?: ChunkDropout): tf.Tensor2D =>
  atOnce(encodeInSteps(model, texts, dropout));

/** As `encodeChunk`, layer by layer. */
export function* encodeInSteps(
  model: Model,
  texts: readonly Sequence[],
  dropout?: ChunkDropout,
): Stepwise<tf.Tensor2D> {
  requireTokens(texts);
  const run = packs(model) ? yield* runPacked(model, texts, { dropout }) : yield* runPadded(model, texts, { dropout });
  const embeddings = unitRows(topOf(run), model);
  disposeRun(run);
  return embeddings;
}

/**
 * Embed texts and keep what the gradient needs: the input of every layer and, where the engine can use them, the
 * intermediates of the upper `savedLayers` layers, which `backwardChunk` then need not compute again.
 * @param dropout  applied to adapter inputs; the same one is applied when a layer is computed again
 * @returns        free it with `disposePass`
 */
export function* forwardChunk(
  model: Model,
  texts: readonly Sequence[],
  dropout?: ChunkDropout,
  savedLayers = 0,
): Stepwise<Pass> {
  requireTokens(texts);
  const run = packs(model)
    ? yield* runPacked(model, texts, { keep: { savedLayers }, dropout })
    : yield* runPadded(model, texts, { keep: { savedLayers }, dropout });
  return { embeddings: unitRows(topOf(run), model), run };
}

/**
 * Send the gradient of the embeddings back through the chunk, one layer at a time. Consumes what the pass has kept.
 * @param upstream  gradient of the loss for `pass.embeddings`, [batch, hidden]
 * @param into      gradients are added to what is there
 * @param inserted  where those of rows that stand in the place of tokens are wanted: the texts of the pass, and what their
 *   gradients are added to
 */
export function* backwardChunk(
  model: Model,
  { run }: Pass,
  upstream: tf.Tensor2D,
  parameters: Parameters,
  into: Gradients,
  inserted?: { texts: readonly Sequence[]; into: RowGradients },
): Stepwise<void> {
  const isPacked = run.kind === 'packed';
  const isWanted = inserted?.texts.some(hasInserted) ?? false;
  const dInput = isPacked
    ? yield* backwardPacked(model, run, upstream, into, isWanted)
    : yield* backwardPadded(model, run, upstream, parameters, into);
  if (dInput && isWanted)
    addRowGradients(dInput, inserted!.texts, isPacked ? undefined : run.places.time, inserted!.into);
  dInput?.dispose();
}

/** Free a pass. */
export function disposePass({ embeddings, run }: Pass): void {
  embeddings.dispose();
  disposeRun(run);
}

/** Do texts lie in the model without padding? Stock operations pad each to the longest of its chunk. */
export function packs(model: Model): boolean {
  const { fusedOps, compiledLayers } = capabilities();
  return (fusedOps || compiledLayers) && !(model.layers[0]!.q.weight instanceof tf.Tensor);
}

/**
 * Hidden states of every token after the final norm, for checks against other implementations.
 * @returns [tokens, hidden], the texts one behind the other; the caller owns it
 */
export function hiddenStates(model: Model, texts: readonly Sequence[]): tf.Tensor2D {
  const everyPlace = true;
  const run = atOnce<PackedPass | PaddedPass>(
    packs(model) ? runPacked(model, texts, { everyPlace }) : runPadded(model, texts, { everyPlace }),
  );
  const time = longestOf(texts);
  const places = texts.flatMap((text, row) => Array.from({ length: lengthOf(text) }, (_, place) => row * time + place));
  const normed = tf.tidy(() => {
    const top = run.kind === 'packed' ? run.top : tf.gather(topOf(run), tf.tensor1d(places, 'int32'));
    return rmsNorm(top, model.finalNorm, model.config.normEpsilon);
  });
  disposeRun(run);
  return normed;
}

function requireTokens(texts: readonly Sequence[]): void {
  if (texts.some((text) => lengthOf(text) === 0))
    throw new UserError('a text without a token has no embedding; contract.appendEos=true gives every text one');
}

function topOf(run: PackedPass | PaddedPass): tf.Tensor2D {
  return run.kind === 'packed' ? run.top : run.states.at(-1)!;
}

function disposeRun(run: PackedPass | PaddedPass): void {
  if (run.kind === 'packed') disposePacked(run);
  else disposePadded(run);
}
