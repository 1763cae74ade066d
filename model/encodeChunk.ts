import { UserError } from '../configs/userError.js';
import { disposePlaces, makePlaces, type Places } from './attention.js';
import { tf } from './engine/tf.js';
import { decoderLayer } from './layer.js';
import type { Dropout } from './linear.js';
import type { Model } from './loadModel.js';
import type { Parameters } from './lora.js';
import { rmsNorm } from './rmsNorm.js';

/** Gradients by parameter name; the caller owns the tensors. */
export type Gradients = Map<string, tf.Tensor>;

/** A chunk's embeddings together with what its gradient needs. Freed by `disposePass`. */
export interface Pass {
  /** [batch, hidden], unit length */
  embeddings: tf.Tensor2D;
  /** Input of each layer, [batch * time, hidden], and behind them the output of the last layer, [batch, hidden]. */
  states: tf.Tensor2D[];
  places: Places;
  /** Place of each text's last token among the batch * time places, int32 [batch]. */
  last: tf.Tensor1D;
  dropout: Dropout | undefined;
}

/**
 * Embed texts of like length: decoder, state of the last token, final norm, unit length.
 * @param texts    token ids, special tokens included; padded here to the longest
 * @param dropout  applied to adapter inputs, in training alone
 * @returns        [batch, hidden]; the caller owns it
 * @throws UserError for a text without a token
 */
export function encodeChunk(model: Model, texts: readonly Int32Array[], dropout?: Dropout): tf.Tensor2D {
  const pass = runChunk(model, texts, { keepStates: false, dropout });
  const embeddings = pass.embeddings.clone();
  disposePass(pass);
  return embeddings;
}

/**
 * Embed texts and keep the input of every layer, from which `backwardChunk` computes each layer again.
 * @param dropout  applied to adapter inputs; the same one is applied when a layer is computed again
 * @returns        free it with `disposePass`
 */
export function forwardChunk(model: Model, texts: readonly Int32Array[], dropout?: Dropout): Pass {
  return runChunk(model, texts, { keepStates: true, dropout });
}

/**
 * Send the gradient of the embeddings back through the chunk, one layer at a time: each layer is computed again under
 * a tape of its own, so that no more than one layer's intermediates are ever alive. Consumes `pass.states`.
 * @param upstream  gradient of the loss for `pass.embeddings`, [batch, hidden]
 * @param into      gradients are added to what is there
 */
export function backwardChunk(
  model: Model,
  pass: Pass,
  upstream: tf.Tensor2D,
  parameters: Parameters,
  into: Gradients,
): void {
  const { states, places, last, dropout } = pass;
  const top = states.pop()!;
  let [dState] = tf.tidy(() => tf.grads((x) => unitRows(x as tf.Tensor2D, model))([top], upstream)) as [tf.Tensor2D];
  top.dispose();
  for (let layer = model.layers.length - 1; layer >= 0; layer--) {
    const only = layer === model.layers.length - 1 ? last : undefined;
    const input = states.pop()!;
    const names = layerParameters(parameters, layer);
    const variables = names.map((name) => parameters.get(name)!);
    const [dInput, ...gradients] = tf.tidy(() =>
      tf.grads((x) => decoderLayer(x as tf.Tensor2D, model.layers[layer]!, places, model.config, dropout, only))(
        [input, ...variables],
        dState,
      ),
    );
    tf.dispose([input, dState]);
    dState = dInput as tf.Tensor2D;
    names.forEach((name, index) => addGradient(into, name, gradients[index]!));
  }
  dState.dispose();
}

/** Bytes of the states that `forwardChunk` keeps for these texts. */
export function statesBytes({ config }: Model, texts: readonly Int32Array[]): number {
  const time = Math.max(...texts.map((ids) => ids.length));
  return texts.length * (time * config.layers + 1) * config.hidden * Float32Array.BYTES_PER_ELEMENT;
}

/** Free a pass. */
export function disposePass({ embeddings, states, places, last }: Pass): void {
  tf.dispose([embeddings, ...states, last]);
  disposePlaces(places);
}

/**
 * Hidden states of every place after the final norm, for checks against other implementations.
 * @returns [batch * time, hidden]; the caller owns it
 */
export function hiddenStates(model: Model, texts: readonly Int32Array[]): tf.Tensor2D {
  const { states, places, last } = runLayers(model, texts, { everyPlace: true });
  const normed = tf.tidy(() => rmsNorm(states[0]!, model.finalNorm, model.config.normEpsilon));
  tf.dispose([...states, last]);
  disposePlaces(places);
  return normed;
}

interface RunOptions {
  /** Keep the input of every layer, not only the output of the last one. */
  keepStates?: boolean;
  /** Take the last layer's output at every place, not only at the last token of each text. */
  everyPlace?: boolean;
  dropout?: Dropout | undefined;
}

function runChunk(model: Model, texts: readonly Int32Array[], options: RunOptions): Pass {
  const run = runLayers(model, texts, options);
  return { ...run, embeddings: tf.tidy(() => unitRows(run.states.at(-1)!, model)) };
}

function runLayers(
  model: Model,
  texts: readonly Int32Array[],
  { keepStates, everyPlace, dropout }: RunOptions,
): Omit<Pass, 'embeddings'> {
  const { config, layers } = model;
  if (texts.some((ids) => ids.length === 0))
    throw new UserError('a text without a token has no embedding; contract.appendEos=true gives every text one');
  const time = Math.max(...texts.map((ids) => ids.length));
  const places = makePlaces(texts.length, time, config);
  const last = tf.tensor1d(
    texts.map((ids, row) => row * time + ids.length - 1),
    'int32',
  );
  const states = [embed(model, texts, time)];
  for (const weights of layers) {
    const input = states.at(-1)!;
    const only = weights === layers.at(-1) && !everyPlace ? last : undefined;
    const output = tf.tidy(() => decoderLayer(input, weights, places, config, dropout, only));
    if (!keepStates) states.pop()!.dispose();
    states.push(output);
  }
  return { states, places, last, dropout };
}

/** Rows of the embedding table, padded behind the text with the row of the text's own last token: no pad id is needed. */
function embed(model: Model, texts: readonly Int32Array[], time: number): tf.Tensor2D {
  const ids = new Int32Array(texts.length * time);
  texts.forEach((text, row) => {
    ids.fill(text.at(-1)!, row * time, (row + 1) * time);
    ids.set(text, row * time);
  });
  return tf.tensor2d(model.embedding.rows(ids), [ids.length, model.config.hidden]);
}

/** Final norm, then unit length. x: [batch, hidden]. */
function unitRows(x: tf.Tensor2D, model: Model): tf.Tensor2D {
  const normed = rmsNorm(x, model.finalNorm, model.config.normEpsilon);
  return normed.mul(normed.square().sum(1, true).maximum(1e-24).rsqrt());
}

function layerParameters(parameters: Parameters, layer: number): string[] {
  return [...parameters.keys()].filter((name) => name.startsWith(`layers.${layer}.`));
}

function addGradient(into: Gradients, name: string, gradient: tf.Tensor): void {
  const sum = into.get(name);
  into.set(name, sum ? sum.add(gradient) : gradient);
  if (sum) tf.dispose([sum, gradient]);
}
