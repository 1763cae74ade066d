import { readAdapter } from '../../../checkpoints/adapter/adapter.js';
import { seededRandom } from '../../../data/random.js';
import type { Collective } from '../../../model/engine/ranks/collective.js';
import { tf } from '../../../model/engine/tf.js';
import { disposeModel } from '../../../model/layer/decoder.js';
import { attachAdapter } from '../../../model/layer/lora.js';
import { loadModel } from '../../../model/load/loadModel.js';
import type { Gradients } from '../../../model/pass/encodeChunk.js';
import { atOnce } from '../../../model/pass/stepwise.js';
import { sumGradients } from '../../../train/step/exchange.js';
import { adamW } from '../../../train/step/update/optimizer.js';
import { oneAttempt, poolGradient, type PoolTokens } from '../../../train/step/poolGradient.js';
import { applyUpdate } from '../../../train/step/update/update.js';

/** Updates that one process or several ranks are to make alike. */
export interface Updates {
  name: string;
  /** Folders. */
  base: string;
  adapter: string;
  /** Of each update. */
  pools: PoolTokens[][];
  rates: number[];
  temperature: number;
  weightDecay: number;
  maxGradNorm: number;
  chunkTokens: number;
  dropoutRate?: number;
  margin?: number;
  gradientShare?: number;
}

export interface Trained {
  name: string;
  losses: number[];
  norms: number[];
  /** Candidates that the margin left out, in all. */
  masked: number;
  /** All matrices of the adapter, one behind the other in the order of their names, in base64. */
  adapter: string;
  /** Tensors that were left over. */
  left: number;
}

/** Make the updates, with the other ranks where there are any. */
export async function trained(updates: Updates, collective: Collective): Promise<Trained> {
  const { temperature, weightDecay, maxGradNorm, chunkTokens, dropoutRate, margin, gradientShare } = updates;
  const before = tf.memory().numTensors;
  const model = await loadModel(updates.base, 'float32');
  const parameters = attachAdapter(model, await readAdapter(updates.adapter));
  const optimizer = adamW(parameters, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay });
  const exchange = { collective, isAskedToStop: () => false };
  const [losses, norms]: [number[], number[]] = [[], []];
  let masked = 0;
  updates.pools.forEach((pools, index) => {
    const gradients: Gradients = new Map();
    const poolLosses = pools.map((pool, position) => {
      const options = {
        ...{ temperature, exchange },
        ...(margin !== undefined && { margin: { value: margin, onMasked: (count: number) => (masked += count) } }),
        ...(gradientShare !== undefined && {
          sampling: { share: gradientShare, draw: seededRandom('lots', index, position), onSampled: () => undefined },
        }),
        ...(dropoutRate !== undefined && { dropout: { rate: dropoutRate, seed: [index, position] as const } }),
      };
      const attempt = oneAttempt({ chunkTokens, keptBytes: position === 0 ? 1e9 : 0 });
      return atOnce(poolGradient(model, pool, parameters, options, attempt, gradients));
    });
    sumGradients(exchange, gradients, parameters);
    const settings = { learningRate: updates.rates[index]!, maxGradNorm, update: index + 1 };
    const { loss, gradNorm } = applyUpdate(gradients, poolLosses, optimizer, settings);
    losses.push(loss);
    norms.push(gradNorm);
  });
  const values = inOrder(parameters).map((each) => each.dataSync().slice());
  const adapter = Buffer.concat(values.map(({ buffer }) => Buffer.from(buffer)));
  optimizer.dispose();
  disposeModel(model);
  const left = tf.memory().numTensors - before;
  return { name: updates.name, losses, norms, masked, adapter: adapter.toString('base64'), left };
}

/** What a map holds, in the order of its names. */
export const inOrder = <T>(named: ReadonlyMap<string, T>): T[] =>
  [...named.keys()].sort().map((name) => named.get(name)!);

export const adapterNumbers = ({ adapter }: Trained) =>
  new Float32Array(Buffer.from(adapter, 'base64').buffer.slice(0));
