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

/** The layer and projection of a name made by `matrixName`. */
export function parseMatrixName(name: string): { layer: number; target: Projection } | undefined {
  const match = /^layers\.(\d+)\.(.+)$/.exec(name);
  const target = projections.find((projection) => modules[projection] === match?.[2]);
  return target && { layer: Number(match![1]), target };
}

/** The key under which PEFT keeps one half of an adapter. */
export const peftKey = (name: string, half: 'A' | 'B', keys: AdapterKeys) =>
  `base_model.model.${paths[keys]}${name}.lora_${half}.weight`;

/**
 * Read a PEFT key, whichever class it was made for: `layers` may follow `model`, `language_model` or both, in either
 * order, for vision-language models of several library versions.
 */
export function parsePeftKey(key: string): { name: string; half: 'A' | 'B' } | undefined {
  const match =
    /^base_model\.model\.(?:model\.)?(?:language_model\.)?(?:model\.)?(layers\..+)\.lora_([AB])(?:\.default)?\.weight$/.exec(
      key,
    );
  return match && parseMatrixName(match[1]!) ? { name: match[1]!, half: match[2] as 'A' | 'B' } : undefined;
}
