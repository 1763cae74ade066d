import { UserError } from '../../configs/userError.js';
import { openBaseFolder } from '../../checkpoints/base/baseFolder.js';
import { toFloat32 } from '../../checkpoints/tensors/safetensors.js';
import type { TensorEntry } from '../../checkpoints/tensors/safetensorsHeader.js';
import { streamTensors } from '../../checkpoints/tensors/streamTensors.js';
import type { Precision } from '../../configs/contract.js';
import { capabilities } from '../engine/capabilities.js';
import { floatTensor } from '../engine/floatTensor.js';
import { freezeMatrix, type FrozenMatrix, type StoredMatrix } from '../engine/product/frozenMatrix.js';
import { tf } from '../engine/tf.js';
import type { Linear } from '../layer/linear.js';
import { mostScores, type TowerWeights } from './tower.js';
import type { VisionConfig } from './visionConfig.js';

/**
 * Load the vision tower of a checkpoint, under the names of its release or those of later versions of transformers.
 * @param precision  arithmetic of its matrices; patches are embedded in float32, which costs nothing
 * @throws UserError when a tensor is missing or has another shape than config.json says
 */
export async function loadTower(folder: string, precision: Precision, config: VisionConfig): Promise<TowerWeights> {
  const { tensors } = await openBaseFolder(folder);
  const matrices = new Map<string, FrozenMatrix>();
  const vectors = new Map<string, tf.Tensor1D>();
  await streamTensors(wantedTensors(tensors, config, folder), ({ name, shape, dtype }, bytes) => {
    const stored = { dtype, bytes };
    if (name === patchName) matrices.set(name, freezeMatrix(bothFrames(stored, config), patchShape(config), 'float32'));
    else if (shape.length === 2) matrices.set(name, freezeMatrix(stored, shape as [number, number], precision));
    else vectors.set(name, tf.keep(floatTensor(stored, shape)) as tf.Tensor1D);
  });
  const linear = (name: string): Linear => ({
    weight: matrices.get(`${name}.weight`)!,
    bias: vectors.get(`${name}.bias`)!,
  });
  return {
    patchEmbedding: { weight: matrices.get(patchName)! },
    blocks: Array.from({ length: config.blocks }, (_, block) => ({
      norm1: vectors.get(`blocks.${block}.norm1.weight`)!,
      norm2: vectors.get(`blocks.${block}.norm2.weight`)!,
      qkv: linear(`blocks.${block}.attn.qkv`),
      proj: linear(`blocks.${block}.attn.proj`),
      gate: linear(`blocks.${block}.mlp.gate_proj`),
      up: linear(`blocks.${block}.mlp.up_proj`),
      down: linear(`blocks.${block}.mlp.down_proj`),
    })),
    mergerNorm: vectors.get('merger.ln_q.weight')!,
    mergerIn: linear('merger.mlp.0'),
    mergerOut: linear('merger.mlp.2'),
    mostScores: capabilities().fusedOps ? undefined : mostScores,
  };
}

const patchName = 'patch_embed.proj.weight';
const frames = 2;

const patchShape = ({ hidden, patch }: VisionConfig): [number, number] => [hidden, 3 * patch * patch];

/** Names without prefix, with their shapes. */
function towerTensors({ hidden, intermediate, blocks, patch, merge, out }: VisionConfig): [string, number[]][] {
  const linear = (name: string, to: number, from: number): [string, number[]][] => [
    [`${name}.weight`, [to, from]],
    [`${name}.bias`, [to]],
  ];
  const joined = hidden * merge * merge;
  return [
    [patchName, [hidden, 3, frames, patch, patch]],
    ...Array.from({ length: blocks }, (_, block): [string, number[]][] => [
      [`blocks.${block}.norm1.weight`, [hidden]],
      [`blocks.${block}.norm2.weight`, [hidden]],
      ...linear(`blocks.${block}.attn.qkv`, 3 * hidden, hidden),
      ...linear(`blocks.${block}.attn.proj`, hidden, hidden),
      ...linear(`blocks.${block}.mlp.gate_proj`, intermediate, hidden),
      ...linear(`blocks.${block}.mlp.up_proj`, intermediate, hidden),
      ...linear(`blocks.${block}.mlp.down_proj`, hidden, intermediate),
    ]).flat(),
    ['merger.ln_q.weight', [hidden]],
    ...linear('merger.mlp.0', joined, joined),
    ...linear('merger.mlp.2', out, joined),
  ];
}

function wantedTensors(tensors: Map<string, TensorEntry>, config: VisionConfig, folder: string) {
  const prefix = ['visual.', 'model.visual.'].find((candidate) => tensors.has(candidate + patchName));
  if (prefix === undefined)
    throw new UserError(
      `${folder}: no tensor visual.${patchName}: the weights lack the vision tower; download them again`,
    );
  return towerTensors(config).map(([name, shape]) => {
    const entry = tensors.get(prefix + name);
    if (!entry) throw new UserError(`${folder}: tensor ${prefix}${name} is missing; download the checkpoint again`);
    if (entry.shape.join() !== shape.join())
      throw new UserError(`${folder}: tensor ${prefix}${name} must be [${shape}] by config.json; got [${entry.shape}]`);
    return { ...entry, name };
  });
}

/** Both frames of a still image are the same, so their weights are added once, and not the products each time. */
function bothFrames({ dtype, bytes }: StoredMatrix, { hidden, patch }: VisionConfig): StoredMatrix {
  const values = toFloat32(bytes, dtype);
  const pixels = patch * patch;
  const sums = new Float32Array(hidden * 3 * pixels);
  for (let plane = 0; plane < hidden * 3; plane++)
    for (let pixel = 0; pixel < pixels; pixel++) {
      const from = plane * frames * pixels + pixel;
      sums[plane * pixels + pixel] = values[from]! + values[from + pixels]!;
    }
  return { dtype: 'F32', bytes: new Uint8Array(sums.buffer) };
}
