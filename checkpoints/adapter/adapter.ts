import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Contract } from '../../configs/contract.js';
import { projections, type Projection } from '../../configs/schema.js';
import { UserError } from '../../configs/userError.js';
import { adapterCard } from './card.js';
import { parseAdapterConfig, peftConfig, unknownSettings, type AdapterSettings } from './config.js';
import { isInTower, moduleOf, parsePeftKey, peftKey, targetOf, towerPart, type AdapterKeys } from './names.js';
import { readJsonObject } from '../base/baseFolder.js';
import { contractText } from '../contract/contractFile.js';
import {
  fromFloat32,
  readSafetensorsIndex,
  readTensorBytes,
  stageSafetensors,
  toFloat32,
} from '../tensors/safetensors.js';
import type { TensorEntry } from '../tensors/safetensorsHeader.js';
import { stageFile, writeTogether } from '../../data/files/writeBeside.js';

/** The two halves of one adapted projection: its output gains alpha / rank * b * a * input. */
export interface AdapterMatrix {
  /** [rank, inSize] */
  a: Float32Array;
  /** [outSize, rank] */
  b: Float32Array;
  inSize: number;
  outSize: number;
}

export interface Adapter extends AdapterSettings {
  /** Of that model, as `openBaseFolder` states it; adapters of other tools do not say. */
  weightsHash?: string;
  /** By name, such as `layers.0.self_attn.q_proj`. */
  matrices: Map<string, AdapterMatrix>;
}

const configName = 'adapter_config.json';
const weightsName = 'adapter_model.safetensors';
const baseName = 'base.json';

/**
 * Write an adapter as PEFT does: adapter_config.json, adapter_model.safetensors in float32, README.md. Where the weights
 * it was trained on are known, base.json beside names them.
 * The files take their names together once all are on the disk.
 * @param options.keys      the class that the names are made for; `auto-model` unless given
 * @param options.contract  written beside as contract.json, and into the README
 * @throws UserError when the adapter changes the vision tower, and the class has none
 */
export async function writeAdapter(
  folder: string,
  adapter: Adapter,
  options: { keys?: AdapterKeys; contract?: Contract } = {},
): Promise<void> {
  const { keys = 'auto-model', contract } = options;
  const tower = towerPart(adapter.matrices.keys()).targets;
  if (tower.length > 0 && keys !== 'vision-language')
    throw new UserError(`an adapter that changes the vision tower needs names for vision-language; got ${keys}`);
  const tensors = [...adapter.matrices].flatMap(([name, { a, b, inSize, outSize }]) => [
    {
      name: peftKey(name, 'A', keys),
      dtype: 'F32' as const,
      shape: [adapter.rank, inSize],
      bytes: fromFloat32(a, 'F32'),
    },
    {
      name: peftKey(name, 'B', keys),
      dtype: 'F32' as const,
      shape: [outSize, adapter.rank],
      bytes: fromFloat32(b, 'F32'),
    },
  ]);
  await writeTogether([
    () =>
      stageSafetensors(
        join(folder, weightsName),
        tensors.sort((one, other) => (one.name < other.name ? -1 : 1)),
      ),
    () => stageFile(join(folder, configName), JSON.stringify(peftConfig(adapter, keys, tower), null, 2) + '\n'),
    () => stageFile(join(folder, 'README.md'), adapterCard(adapter, keys, contract, tower)),
    ...(adapter.weightsHash === undefined ? [] : [() => stageFile(join(folder, baseName), baseText(adapter))]),
    ...(contract ? [() => stageFile(join(folder, 'contract.json'), contractText(contract))] : []),
  ]);
}

/**
 * Read an adapter that this program or PEFT wrote, whichever class its names are made for.
 * @throws UserError when a file is missing or damaged, half of a pair is missing, or it is not plain LoRA
 */
export async function readAdapter(folder: string): Promise<Adapter> {
  const configFile = join(folder, configName);
  if (!existsSync(configFile)) throw new UserError(`${folder} is not an adapter: it has no ${configName}`);
  const { modules, targets, ...settings } = parseAdapterConfig(configFile, await readJsonObject(configFile));
  const file = join(folder, weightsName);
  if (!existsSync(file) && existsSync(join(folder, 'adapter_model.bin')))
    throw new UserError(`${folder} holds adapter_model.bin only; save the adapter again as safetensors`);
  const matrices = new Map<string, AdapterMatrix>();
  for (const [name, pair] of pairUp(file, (await readSafetensorsIndex(file)).tensors)) {
    const module = moduleOf(name)!;
    if (modules && !modules.includes(module))
      throw new UserError(`${file} holds ${name}, but ${configName} does not name ${module} in target_modules`);
    matrices.set(name, await readMatrix(file, name, pair, settings.rank));
  }
  if (matrices.size === 0) throw new UserError(`${file} holds no adapter matrix; save the adapter again`);
  return { ...settings, targets: targets ?? targetsOf(matrices), ...(await readBase(folder)), matrices };
}

/** An adapter without what it changes of the vision tower, for texts alone. */
export const withoutTower = (adapter: Adapter): Adapter => ({
  ...adapter,
  matrices: new Map([...adapter.matrices].filter(([name]) => !isInTower(name))),
});

function targetsOf(matrices: Adapter['matrices']): Projection[] {
  const found = new Set([...matrices.keys()].map((name) => (isInTower(name) ? undefined : targetOf(name))));
  return projections.filter((target) => found.has(target));
}

/** What the adapter_config.json of an adapter says that is not known here, a line for each key. */
export async function adapterClaims(folder: string): Promise<string[]> {
  const file = join(folder, configName);
  return unknownSettings(file, await readJsonObject(file));
}

const baseText = ({ base, weightsHash }: Adapter) => JSON.stringify({ name: base, weightsHash }, null, 2) + '\n';

async function readBase(folder: string): Promise<Pick<Adapter, 'weightsHash'>> {
  const file = join(folder, baseName);
  if (!existsSync(file)) return {};
  const { weightsHash } = await readJsonObject(file);
  if (typeof weightsHash !== 'string')
    throw new UserError(`${file} lacks weightsHash; restore it, or remove it to go without the check of the base`);
  return { weightsHash };
}

type Pair = Partial<Record<'A' | 'B', TensorEntry>>;

function pairUp(file: string, tensors: Map<string, TensorEntry>): Map<string, Pair> {
  const pairs = new Map<string, Pair>();
  for (const [key, entry] of tensors) {
    const parsed = parsePeftKey(key);
    if (!parsed)
      throw new UserError(
        `${file} holds ${key}, which is not LoRA on a projection of a decoder layer or of a block of the vision tower`,
      );
    const pair = pairs.get(parsed.name) ?? {};
    if (pair[parsed.half]) throw new UserError(`${file} holds lora_${parsed.half} of ${parsed.name} under two names`);
    pairs.set(parsed.name, { ...pair, [parsed.half]: entry });
  }
  return pairs;
}

async function readMatrix(file: string, name: string, pair: Pair, rank: number): Promise<AdapterMatrix> {
  const { A: a, B: b } = pair;
  if (!a || !b)
    throw new UserError(
      `${file}: ${name} has lora_${a ? 'A' : 'B'} but no lora_${a ? 'B' : 'A'}; save the adapter again`,
    );
  if (a.shape.length !== 2 || b.shape.length !== 2 || a.shape[0] !== rank || b.shape[1] !== rank)
    throw new UserError(
      `${file}: ${name} has lora_A [${a.shape.join(', ')}] and lora_B [${b.shape.join(', ')}]; r ${rank} in ${configName} needs [${rank}, in] and [out, ${rank}]`,
    );
  return {
    a: toFloat32(await readTensorBytes(a), a.dtype),
    b: toFloat32(await readTensorBytes(b), b.dtype),
    inSize: a.shape[1]!,
    outSize: b.shape[0]!,
  };
}
