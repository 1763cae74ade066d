import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromFloat32, writeSafetensors } from '../../checkpoints/tensors/safetensors.js';
import { seededRandom } from '../../data/random.js';
import { disposePlaces, makePlaces } from '../../model/layer/attention.js';
import { tf } from '../../model/engine/tf.js';
import type { ModelConfig } from '../../model/modelConfig.js';
import { adamW } from '../step/update/optimizer.js';
import { rateShare } from '../step/update/schedule.js';
import { applyUpdate } from '../step/update/update.js';
import { freshDecoder, type TrainableDecoder } from './demoDecoder.js';
import { languageLoss } from './languageLoss.js';
import { makeFolder } from '../../data/files/makeFolder.js';

export interface PretrainSettings {
  model: ModelConfig;
  seed: number;
  /** Sequences an update, and tokens a sequence. */
  batch: number;
  time: number;
  updates: number;
  warmupSteps: number;
  learningRate: number;
  weightDecay: number;
}

/**
 * Train a decoder to predict the next token of a stream of text.
 * @param tokens    all documents one after another, each ended by the end-of-text id
 * @param onUpdate  told the loss of each update, in nats a token
 * @param decoder   what training starts from, and changes; fresh weights where left out
 * @returns         the decoder; the caller owns its tensors
 */
export async function pretrain(
  tokens: Int32Array,
  settings: PretrainSettings,
  onUpdate: (update: number, loss: number) => void,
  decoder = freshDecoder(settings.model, settings.seed),
): Promise<TrainableDecoder> {
  const { batch, time, updates, seed } = settings;
  const variables = [...decoder.parameters.values()];
  const names = [...decoder.parameters.keys()];
  const optimizer = adamW(decoder.parameters, {
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: settings.weightDecay,
  });
  const places = makePlaces(batch, time, decoder.config);
  const random = seededRandom(seed, 'sequences');
  for (let update = 1; update <= updates; update++) {
    const { inputs, targets } = drawBatch(tokens, batch, time, random);
    const { value, grads } = tf.valueAndGrads(() => languageLoss(decoder, inputs, targets, places))(variables);
    tf.dispose([inputs, targets]);
    const learningRate =
      settings.learningRate * rateShare({ kind: 'cosine', warmupSteps: settings.warmupSteps }, update, updates - 1); // 0 at the last
    const gradients = new Map(names.map((name, index) => [name, grads[index]!]));
    const { loss } = applyUpdate(gradients, [value], optimizer, { learningRate, maxGradNorm: 1, update });
    onUpdate(update, loss);
    await new Promise(setImmediate); // lets the progress bar draw and an interrupt through
  }
  optimizer.dispose();
  disposePlaces(places);
  return decoder;
}

/** Write config.json and the weights in bfloat16, in Hugging Face layout; the tokenizer's files are the caller's. */
export async function writeDecoder(folder: string, decoder: TrainableDecoder, endOfText: number): Promise<void> {
  await makeFolder(folder);
  await writeFile(join(folder, 'config.json'), `${JSON.stringify(configJson(decoder.config, endOfText), null, 2)}\n`);
  const tensors = [...decoder.parameters].map(([name, variable]) => ({
    name,
    dtype: 'BF16' as const,
    shape: variable.shape,
    bytes: fromFloat32(variable.dataSync() as Float32Array, 'BF16'),
  }));
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, { format: 'pt' });
}

function drawBatch(tokens: Int32Array, batch: number, time: number, random: () => number) {
  const inputs = new Int32Array(batch * time);
  const targets = new Int32Array(batch * time);
  for (let row = 0; row < batch; row++) {
    const start = Math.floor(random() * (tokens.length - time - 1));
    inputs.set(tokens.subarray(start, start + time), row * time);
    targets.set(tokens.subarray(start + 1, start + time + 1), row * time);
  }
  return { inputs: tf.tensor1d(inputs, 'int32'), targets: tf.tensor1d(targets, 'int32') };
}

function configJson(config: ModelConfig, endOfText: number): Record<string, unknown> {
  return {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    vocab_size: config.vocabularySize,
    hidden_size: config.hidden,
    intermediate_size: config.intermediate,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    rope_theta: config.ropeTheta,
    rms_norm_eps: config.normEpsilon,
    hidden_act: 'silu',
    max_position_embeddings: 512,
    tie_word_embeddings: true,
    use_sliding_window: false,
    attention_dropout: 0,
    bos_token_id: endOfText,
    eos_token_id: endOfText,
    torch_dtype: 'bfloat16',
  };
}
