import { projections, type Projection } from '../../configs/schema.js';

/** Where a decoder layer keeps each projection that LoRA may adapt, by Hugging Face names. */
const modules: Record<Projection, string> = {
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  o: 'self_attn.o_proj',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
};

/** The linear layers of a block of the vision tower that LoRA may adapt. */
export const towerTargets = ['qkv', 'proj', 'gate', 'up', 'down'] as const;
export type TowerTarget = (typeof towerTargets)[number];

const towerModules: Record<TowerTarget, string> = {
  qkv: 'attn.qkv',
  proj: 'attn.proj',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
};

/**
 * Which class of the transformers library (version 5) the names are made for: `AutoModel` or `AutoModelForCausalLM` of
 * a text model, or `AutoModel` of a vision-language model.
 */
export type AdapterKeys = keyof typeof paths;

/** Which names suit a base by its config.json: one with a vision tower keeps the decoder a step deeper. */
export const keysFor = (config: Record<string, unknown>): AdapterKeys =>
  config['vision_config'] ? 'vision-language' : 'auto-model';

const paths = { 'auto-model': '', 'causal-lm': 'model.', 'vision-language': 'language_model.' };

/** The name of an adapted projection, such as `layers.0.self_attn.q_proj`. */
export const matrixName = (layer: number, target: Projection) => `layers.${layer}.${modules[target]}`;

/** The name that PEFT's `target_modules` gives a projection, such as `q_proj`. */
export const targetModule = (target: Projection) => modules[target].split('.')[1]!;

/** The projection that an entry of `target_modules` means; entries may carry the path before it. */
export const targetOf = (module: string): Projection | undefined =>
  projections.find((target) => targetModule(target) === module.split('.').at(-1));

/** The name of an adapted layer of the vision tower, such as `visual.blocks.0.attn.qkv`. */
export const towerMatrixName = (block: number, target: TowerTarget) => `visual.blocks.${block}.${towerModules[target]}`;

/** Whether an adapted matrix is one of the vision tower. */
export const isInTower = (name: string): boolean => name.startsWith('visual.');

/** The blocks of the vision tower that names are of, and the layers of a block. */
export function towerPart(names: Iterable<string>): { blocks: number; targets: TowerTarget[] } {
  const found = [...names].filter(isInTower).map((name) => /^visual\.blocks\.(\d+)\.(.+)$/.exec(name)!);
  return {
    blocks: found.reduce((most, [, block]) => Math.max(most, Number(block) + 1), 0),
    targets: towerTargets.filter((target) => found.some(([, , module]) => module === towerModules[target])),
  };
}

/** The name of a module of the vision tower within its block, such as `attn.qkv`. */
export const towerModule = (target: TowerTarget) => towerModules[target];

/** Whether an entry of `target_modules` means a layer of the vision tower. */
export const isTowerModule = (module: string): boolean =>
  Object.values(towerModules).some((name) => name.split('.')[1] === module.split('.').at(-1));

/**
 * The pattern by which PEFT finds what an adapter changes in a vision-language model: decoder and tower have modules of
 * the same names, so that a list of names would find some in both.
 */
export function modulePattern(targets: readonly Projection[], tower: readonly TowerTarget[]): string {
  const either = (names: string[]) => `(${names.map((name) => name.replace('.', '\\.')).join('|')})`;
  const decoder = either(targets.map((target) => modules[target]));
  const ofTower = either(tower.map((target) => towerModules[target]));
  return `(.*\\.)?(language_model\\.(model\\.)?layers\\.\\d+\\.${decoder}|visual\\.blocks\\.\\d+\\.${ofTower})`;
}

/** The last part of the module that a matrix is of, such as `q_proj`; undefined where no adapter has such a name. */
export function moduleOf(name: string): string | undefined {
  const match = /^(layers|visual\.blocks)\.\d+\.(.+)$/.exec(name);
  const known: string[] = Object.values(match?.[1] === 'layers' ? modules : towerModules);
  return match && known.includes(match[2]!) ? match[2]!.split('.').at(-1) : undefined;
}

/** The key under which PEFT keeps one half of an adapter. */
export const peftKey = (name: string, half: 'A' | 'B', keys: AdapterKeys) =>
  `base_model.model.${isInTower(name) ? '' : paths[keys]}${name}.lora_${half}.weight`;

/**
 * Read a PEFT key, whichever class it was made for: `layers` may follow `model`, `language_model` or both, in either
 * order, for vision-language models of several library versions, and so may `visual.blocks` follow `model`.
 */
export function parsePeftKey(key: string): { name: string; half: 'A' | 'B' } | undefined {
  const match = /^base_model\.model\.(.+)\.lora_([AB])(?:\.default)?\.weight$/.exec(key);
  const name = match?.[1]!.replace(/^(model\.)?((language_model\.)?(model\.)?(?=layers\.)|(?=visual\.))/, '');
  return name !== undefined && moduleOf(name) ? { name, half: match![2] as 'A' | 'B' } : undefined;
}
