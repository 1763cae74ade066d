import { join } from 'node:path';
import type { Precision } from '../configs/contract.js';
import type { Projection } from '../configs/schema.js';
import { projections } from '../configs/schema.js';
import { UserError } from '../configs/userError.js';
import { matrixName } from '../checkpoints/adapterNames.js';
import { openBaseFolder } from '../checkpoints/baseFolder.js';
import { fromFloat32, readTensorBytes, toFloat32, type TensorEntry } from '../checkpoints/safetensors.js';
import { tensorPrefixes } from '../checkpoints/tensorPrefixes.js';
import { embeddingTable, type EmbeddingTable } from './embeddingTable.js';
import { freezeMatrix, type FrozenMatrix } from './engine/frozenMatrix.js';
import { tf } from './engine/tf.js';
import type { LayerWeights } from './layer.js';
import type { Linear } from './linear.js';
import { modelConfig, type ModelConfig } from './modelConfig.js';

/** A decoder on the device, without a language head. Freed by `disposeModel`. */
export interface Model {
  folder: string;
  config: ModelConfig;
  precision: Precision;
  /** Identity of the weights as `openBaseFolder` states it. */
  weightsHash: string;
  embedding: EmbeddingTable;
  layers: LayerWeights[];
  /** [hidden] */
  finalNorm: tf.Tensor1D;
}

/**
 * Load any checkpoint folder in Qwen2 layout: weights of bfloat16, float16 or float32, one file or shards.
 * The vision tower of a multimodal checkpoint and the language head are left where they are.
 * @param precision   arithmetic of the frozen weights; the engine must offer it
 * @param onProgress  told after each layer
 * @throws UserError when a tensor is missing, of another shape than config.json says, or of another kind
 */
export async function loadModel(
  folder: string,
  precision: Precision,
  onProgress: (layersDone: number, layers: number) => void = () => {},
): Promise<Model> {
  const base = await openBaseFolder(folder);
  const config = modelConfig(base.config, join(folder, 'config.json'));
  const find = tensorFinder(base.tensors, folder);
  const vector = async (name: string, size: number) => tf.keep(tf.tensor1d(await read(find(name, [size]))));
  const layers: LayerWeights[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    const entries = projections.map(async (target) => {
      const shape = projectionShape(config, target);
      const name = matrixName(layer, target);
      const weight = await freeze(find(`${name}.weight`, shape), shape, precision);
      const hasBias = target === 'q' || target === 'k' || target === 'v';
      const linear: Linear = hasBias ? { weight, bias: await vector(`${name}.bias`, shape[0]) } : { weight };
      return [target, linear] as const;
    });
    layers.push({
      ...(Object.fromEntries(await Promise.all(entries)) as Record<Projection, Linear>),
      inputNorm: await vector(`layers.${layer}.input_layernorm.weight`, config.hidden),
      postAttentionNorm: await vector(`layers.${layer}.post_attention_layernorm.weight`, config.hidden),
    });
    onProgress(layer + 1, config.layers);
  }
  return {
    folder,
    config,
    precision,
    weightsHash: base.weightsHash,
    embedding: embeddingTable(find('embed_tokens.weight', [config.vocabularySize, config.hidden])),
    layers,
    finalNorm: await vector('norm.weight', config.hidden),
  };
}

/** Free every weight, adapters included. */
export function disposeModel({ layers, finalNorm }: Model): void {
  finalNorm.dispose();
  for (const layer of layers) {
    tf.dispose([layer.inputNorm, layer.postAttentionNorm]);
    for (const target of projections) {
      const { weight, bias, adapter } = layer[target];
      weight.dispose();
      tf.dispose([...(bias ? [bias] : []), ...(adapter ? [adapter.a, adapter.b] : [])]);
    }
  }
}

/** Shape [out, in] of one projection's weight. */
export function projectionShape(config: ModelConfig, target: Projection): [number, number] {
  const { hidden, intermediate, headDim, heads, kvHeads } = config;
  const queries = heads * headDim;
  const keys = kvHeads * headDim;
  const shapes: Record<Projection, [number, number]> = {
    q: [queries, hidden],
    k: [keys, hidden],
    v: [keys, hidden],
    o: [hidden, queries],
    gate: [intermediate, hidden],
    up: [intermediate, hidden],
    down: [hidden, intermediate],
  };
  return shapes[target];
}

function tensorFinder(tensors: Map<string, TensorEntry>, folder: string) {
  const prefix = tensorPrefixes.find((prefix) => tensors.has(`${prefix}embed_tokens.weight`));
  if (prefix === undefined)
    throw new UserError(`${folder}: no tensor embed_tokens.weight, so this is not a Qwen2 checkpoint`);
  return (name: string, shape: readonly number[]): TensorEntry => {
    const entry = tensors.get(prefix + name);
    if (!entry) throw new UserError(`${folder}: tensor ${prefix}${name} is missing; download the checkpoint again`);
    if (entry.shape.join() !== shape.join())
      throw new UserError(`${folder}: tensor ${prefix}${name} must be [${shape}] by config.json; got [${entry.shape}]`);
    return entry;
  };
}

async function read(entry: TensorEntry): Promise<Float32Array> {
  return toFloat32(await readTensorBytes(entry), entry.dtype);
}

async function freeze(entry: TensorEntry, shape: [number, number], precision: Precision): Promise<FrozenMatrix> {
  const bytes = await readTensorBytes(entry);
  if (precision === 'float32') return freezeMatrix({ float32: toFloat32(bytes, entry.dtype) }, shape, precision);
  const bfloat16 = entry.dtype === 'BF16' ? bytes : fromFloat32(toFloat32(bytes, entry.dtype), 'BF16');
  return freezeMatrix({ bfloat16 }, shape, precision);
}
