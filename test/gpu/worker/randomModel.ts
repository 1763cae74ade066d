import type { Precision } from '../../../configs/contract.js';
import { projections, type Projection } from '../../../configs/schema.js';
import { matrixName } from '../../../checkpoints/adapter/names.js';
import { freezeMatrix } from '../../../model/engine/product/frozenMatrix.js';
import { tf } from '../../../model/engine/tf.js';
import { projectionShape, type Model } from '../../../model/layer/decoder.js';
import { deviceTable } from '../../../model/layer/embeddingTable.js';
import type { Linear } from '../../../model/layer/linear.js';
import { attachAdapter, type Parameters } from '../../../model/layer/lora.js';
import type { ModelConfig } from '../../../model/modelConfig.js';

/** Bytes by which the matrices of a random model lie shifted among the numbers that they share. */
const shifts = 1 << 20;

/**
 * A decoder of random weights on the device, its embedding table too, without a file. Its matrices share their numbers,
 * each from another place on: to draw those of 7 billion weights takes minutes.
 */
export function randomModel(config: ModelConfig, precision: Precision): Model {
  const bytes = randomHalves(2 * config.hidden * Math.max(config.intermediate, config.heads * config.headDim) + shifts);
  let drawn = 0;
  const stored = (shape: readonly [number, number]) => {
    const start = (drawn++ * 64 * 97) % shifts;
    return { dtype: 'BF16' as const, bytes: bytes.subarray(start, start + 2 * shape[0] * shape[1]) };
  };
  const linear = (target: Projection): Linear => {
    const shape = projectionShape(config, target);
    const weight = freezeMatrix(stored(shape), shape, precision);
    return 'qkv'.includes(target)
      ? { weight, bias: tf.keep(tf.randomNormal<tf.Rank.R1>([shape[0]], 0, 0.1, 'float32', drawn)) }
      : { weight };
  };
  const norm = () => tf.keep(tf.ones<tf.Rank.R1>([config.hidden]));
  const table: [number, number] = [config.vocabularySize, config.hidden];
  const tableBytes = repeated(bytes, 2 * table[0] * table[1]);
  return {
    ...{ folder: 'random', weightsHash: 'random', config, precision },
    embedding: {
      shape: table,
      rows: () => {
        throw new Error('the table of a random model is on the device alone');
      },
      onDevice: deviceTable({ shape: table, dtype: 'BF16', file: '', begin: 0, end: tableBytes.length }, tableBytes),
    },
    layers: Array.from({ length: config.layers }, () => ({
      ...(Object.fromEntries(projections.map((target) => [target, linear(target)])) as Record<Projection, Linear>),
      ...{ inputNorm: norm(), postAttentionNorm: norm() },
    })),
    finalNorm: norm(),
  };
}

/** Attach an adapter of random numbers to all of its projections. */
export function attachRandom(
  model: Model,
  lora: { rank: number; alpha: number; dropout: number; targets: Projection[] },
): Parameters {
  const { rank, targets } = lora;
  const { hidden, intermediate } = model.config;
  const numbers = randomFloats(rank * Math.max(hidden, intermediate), 0.01);
  const matrices = new Map(
    model.layers.flatMap((_, layer) =>
      targets.map((target) => {
        const [outSize, inSize] = projectionShape(model.config, target);
        const [a, b] = [numbers.subarray(0, rank * inSize), numbers.subarray(0, rank * outSize)];
        return [matrixName(layer, target), { a, b, inSize, outSize }] as const;
      }),
    ),
  );
  return attachAdapter(model, { ...lora, base: model.folder, weightsHash: model.weightsHash, matrices });
}

/** Numbers of bfloat16 between 1/128 and 1/32 in size, of either sign, as bytes. */
function randomHalves(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let place = 0; place + 1 < bytes.length; place += 2) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[place] = state >>> 16;
    bytes[place + 1] = 0x3c | ((state >>> 24) & 0x80);
  }
  return bytes;
}

function randomFloats(length: number, size: number): Float32Array {
  let state = 7;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return size * (state / 2 ** 31 - 1);
  });
}

function repeated(bytes: Uint8Array, length: number): Uint8Array {
  const all = new Uint8Array(length);
  for (let start = 0; start < length; start += bytes.length)
    all.set(bytes.subarray(0, Math.min(bytes.length, length - start)), start);
  return all;
}
