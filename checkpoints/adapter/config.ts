import { projections, type Projection } from '../../configs/schema.js';
import { UserError } from '../../configs/userError.js';
import { unknownKeys, words } from '../base/keyRules.js';
import { isTowerModule, modulePattern, targetModule, targetOf, type AdapterKeys, type TowerTarget } from './names.js';

/** What adapter_config.json says of an adapter, without its weights. */
export interface AdapterSettings {
  rank: number;
  alpha: number;
  /** Share of adapter inputs that training set to zero; no effect on encoding. */
  dropout: number;
  targets: Projection[];
  /** Name or path of the model it was trained on. */
  base: string;
  /** Commit of that model, where its name is an id of the hub. */
  revision?: string;
}

/**
 * The adapter_config.json of an adapter. Source: peft `LoraConfig`, the fields that change how weights are read.
 * @param tower  layers of the vision tower that it changes too
 */
export function peftConfig(
  adapter: AdapterSettings,
  keys: AdapterKeys,
  tower: readonly TowerTarget[] = [],
): Record<string, unknown> {
  return {
    alpha_pattern: {},
    auto_mapping: null,
    base_model_name_or_path: adapter.base,
    bias: 'none',
    // The vision tower has projections of the same names.
    exclude_modules: keys === 'vision-language' && tower.length === 0 ? '.*visual.*' : null,
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layer_replication: null,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: adapter.alpha,
    lora_dropout: adapter.dropout,
    modules_to_save: null,
    peft_type: 'LORA',
    r: adapter.rank,
    rank_pattern: {},
    revision: adapter.revision ?? null,
    target_modules: tower.length > 0 ? modulePattern(adapter.targets, tower) : adapter.targets.map(targetModule),
    task_type: keys === 'causal-lm' ? 'CAUSAL_LM' : 'FEATURE_EXTRACTION',
    use_dora: false,
    use_rslora: false,
  };
}

/**
 * Keys of an adapter_config.json that are neither read, nor refused, nor known to change nothing.
 * @param file  for messages
 * @returns a line for each
 */
export const unknownSettings = (file: string, config: Record<string, unknown>): string[] =>
  unknownKeys(file, config, new Set([...read, ...harmless, ...unchanged.map(([field]) => field)]), {});

/** What an adapter_config.json says; where it names modules by a pattern, only the weights tell which those are. */
interface ReadSettings extends Omit<AdapterSettings, 'targets'> {
  targets: Projection[] | undefined;
  /** The last part of each module that is named one by one. */
  modules: string[] | undefined;
}

/**
 * Read what an adapter_config.json says.
 * @param file  for messages
 * @throws UserError for kinds of adapter whose arithmetic differs from output + alpha / rank * B A input
 */
export function parseAdapterConfig(file: string, config: Record<string, unknown>): ReadSettings {
  for (const [field, accepts, wanted] of unchanged)
    if (!accepts(config[field]))
      throw new UserError(
        `${file}: ${field} must be ${wanted}; got ${JSON.stringify(config[field])}; only plain LoRA is read`,
      );
  const {
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout = 0,
    base_model_name_or_path: base = '',
    revision,
  } = config;
  if (!Number.isInteger(rank) || (rank as number) < 1)
    throw new UserError(`${file}: r must be a whole number above 0; got ${JSON.stringify(rank)}`);
  if (typeof alpha !== 'number' || !(alpha > 0))
    throw new UserError(`${file}: lora_alpha must be a number above 0; got ${JSON.stringify(alpha)}`);
  return {
    rank: rank as number,
    alpha,
    dropout: Number(dropout),
    ...parseModules(file, config.target_modules),
    base: typeof base === 'string' ? base : '',
    ...(typeof revision === 'string' && { revision }),
  };
}

type Check = [field: string, accepts: (value: unknown) => boolean, wanted: string];

const isAbsent = (value: unknown) =>
  value === undefined ||
  value === null ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);
const absent = (field: string): Check => [field, isAbsent, 'absent or empty'];

/** Ways of starting an adapter that leave the base weights as they are; others come with a base of their own. */
const harmlessStarts = [undefined, null, true, false, 'gaussian', 'eva', 'orthogonal'];

const unchanged: Check[] = [
  ['peft_type', (value) => value === 'LORA', '"LORA"'],
  ['bias', (value) => value === 'none' || isAbsent(value), '"none"'],
  [
    'init_lora_weights',
    (value) => harmlessStarts.includes(value as never),
    `one of ${harmlessStarts.slice(2).join(', ')}`,
  ],
  ...[
    'use_rslora',
    'use_dora',
    'use_qalora',
    'lora_bias',
    'fan_in_fan_out',
    'rank_pattern',
    'alpha_pattern',
    'modules_to_save',
    'layer_replication',
    'target_parameters',
    'trainable_token_indices',
    'alora_invocation_tokens',
    'arrow_config',
    'use_bdlora',
  ].map(absent),
];

const read = words('r lora_alpha lora_dropout base_model_name_or_path revision target_modules');

/**
 * How it was begun and trained, where `init_lora_weights` is one that is read, or which parts were adapted, as the weights
 * say themselves. Source: peft 0.18 `LoraConfig`.
 */
const harmless = words(`
  auto_mapping task_type inference_mode exclude_modules layers_to_transform layers_pattern eva_config
  loftq_config corda_config lora_ga_config megatron_config megatron_core qalora_group_size runtime_config peft_version ensure_weight_tying`);

function parseModules(file: string, modules: unknown): Pick<ReadSettings, 'targets' | 'modules'> {
  if (modules === 'all-linear') return { targets: [...projections], modules: undefined };
  if (typeof modules === 'string' && modules !== '') return { targets: undefined, modules: undefined };
  if (!Array.isArray(modules) || modules.length === 0)
    throw new UserError(
      `${file}: target_modules must list projections, such as ["q_proj"]; got ${JSON.stringify(modules)}`,
    );
  const last = modules.map((module) => String(module).split('.').at(-1)!);
  const unknown = modules.map(String).find((module) => targetOf(module) === undefined && !isTowerModule(module));
  if (unknown !== undefined)
    throw new UserError(
      `${file}: target_modules names ${unknown}; known here: ${projections.map(targetModule).join(', ')}`,
    );
  return { targets: projections.filter((target) => last.includes(targetModule(target))), modules: last };
}
