import { join } from 'node:path';
import type { Precision } from '../../configs/contract.js';
import type { Projection } from '../../configs/schema.js';
import { projections } from '../../configs/schema.js';
import { UserError } from '../../configs/userError.js';
import { matrixName } from '../../checkpoints/adapter/names.js';
import { openBaseFolder } from '../../checkpoints/base/baseFolder.js';
import { requireFloat } from '../../checkpoints/tensors/safetensors.js';
import type { TensorEntry } from '../../checkpoints/tensors/safetensorsHeader.js';
import { streamTensors } from '../../checkpoints/tensors/streamTensors.js';
import { tensorPrefixes } from '../../checkpoints/base/tensorPrefixes.js';
import { deviceTable, embeddingTable, type DeviceTable } from '../layer/embeddingTable.js';
import { projectionShape, type Model } from '../layer/decoder.js';
import { floatTensor } from '../engine/floatTensor.js';
import { freezeMatrix, type FrozenMatrix } from '../engine/product/frozenMatrix.js';
import { tf } from '../engine/tf.js';
import type { LayerWeights } from '../layer/paddedLayer.js';
import type { Linear } from '../layer/linear.js';
import { tableFits } from '../memory/memoryBudget.js';
import { matricesOfLayer } from '../memory/shapeArithmetic.js';
import { weightForm } from '../memory/weightForm.js';
import { modelConfig, type ModelConfig } from '../modelConfig.js';
import { requireTensors, tensorReport } from './tensorReport.js';

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
  requireTensors(tensorReport(base.tensors, config), folder);
  const matrices = new Map<string, FrozenMatrix>();
  const vectors = new Map<string, tf.Tensor1D>();
  const tellLayers = layerCounter(config.layers, onProgress);
  const table = find(tableName, [config.vocabularySize, config.hidden]);
  let onDevice: DeviceTable | undefined;
  const wanted = wantedTensors(config, find);
  const tableBytes = table.end - table.begin;
  if (tableFits(tableBytes, matricesOfLayer(config) * config.layers * weightForm({ precision }).weightBytes))
    wanted.push(table);
  await streamTensors(wanted, (entry, bytes) => {
    const { name, shape, dtype } = entry;
    const stored = { dtype, bytes };
    if (name === tableName) onDevice = deviceTable(entry, bytes);
    else if (shape.length === 2) matrices.set(name, freezeMatrix(stored, shape as [number, number], precision));
    else vectors.set(name, tf.keep(floatTensor(stored, shape)) as tf.Tensor1D);
    tellLayers(name);
  });
  return {
    folder,
    config,
    precision,
    weightsHash: base.weightsHash,
    embedding: { ...embeddingTable(table), ...(onDevice && { onDevice }) },
    layers: Array.from({ length: config.layers }, (_, layer) => layerOf(layer, matrices, vectors)),
    finalNorm: vectors.get('norm.weight')!,
  };
}

/** A tensor of the file under the decoder's own name for it. */
type NamedTensor = TensorEntry & { name: string };
type FindTensor = (name: string, shape: number[]) => NamedTensor;

const tableName = 'embed_tokens.weight';
const inputNorm = (layer: number) => `layers.${layer}.input_layernorm.weight`;
const postAttentionNorm = (layer: number) => `layers.${layer}.post_attention_layernorm.weight`;

/** Everything that goes to the device. */
function wantedTensors(config: ModelConfig, find: FindTensor): NamedTensor[] {
  const wanted = [find('norm.weight', [config.hidden])];
  for (let layer = 0; layer < config.layers; layer++) {
    wanted.push(find(inputNorm(layer), [config.hidden]), find(postAttentionNorm(layer), [config.hidden]));
    for (const target of projections) {
      const shape = projectionShape(config, target);
      const name = matrixName(layer, target);
      wanted.push(find(`${name}.weight`, shape));
      if (hasBias(target)) wanted.push(find(`${name}.bias`, [shape[0]]));
    }
  }
  return wanted;
}

const hasBias = (target: Projection) => target === 'q' || target === 'k' || target === 'v';

function layerOf(
  layer: number,
  matrices: ReadonlyMap<string, FrozenMatrix>,
  vectors: ReadonlyMap<string, tf.Tensor1D>,
): LayerWeights {
  const linears = projections.map((target): [Projection, Linear] => {
    const name = matrixName(layer, target);
    const weight = matrices.get(`${name}.weight`)!;
    return [target, hasBias(target) ? { weight, bias: vectors.get(`${name}.bias`)! } : { weight }];
  });
  return {
    ...(Object.fromEntries(linears) as Record<Projection, Linear>),
    inputNorm: vectors.get(inputNorm(layer))!,
    postAttentionNorm: vectors.get(postAttentionNorm(layer))!,
  };
}

/** Told of each tensor, it tells of each layer whose tensors are all there; layers arrive in the order of the file. */
function layerCounter(layers: number, onProgress: (layersDone: number, layers: number) => void) {
  const tensorsOfLayer = 2 + projections.length + projections.filter(hasBias).length;
  const arrived = new Map<string, number>();
  let done = 0;
  return (name: string): void => {
    const layer = /^layers\.\d+/.exec(name)?.[0];
    if (layer === undefined) return;
    arrived.set(layer, (arrived.get(layer) ?? 0) + 1);
    if (arrived.get(layer) === tensorsOfLayer) onProgress(++done, layers);
  };
}

function tensorFinder(tensors: Map<string, TensorEntry>, folder: string): FindTensor {
  const prefix = tensorPrefixes.find((prefix) => tensors.has(`${prefix}embed_tokens.weight`));
  if (prefix === undefined)
    throw new UserError(`${folder}: no tensor embed_tokens.weight, so this is not a Qwen2 checkpoint`);
  return (name, shape) => {
    const entry = tensors.get(prefix + name);
    if (!entry) throw new UserError(`${folder}: tensor ${prefix}${name} is missing; download the checkpoint again`);
    if (entry.shape.join() !== shape.join())
      throw new UserError(`${folder}: tensor ${prefix}${name} must be [${shape}] by config.json; got [${entry.shape}]`);
    requireFloat(entry.dtype);
    return { ...entry, name };
  };
}
