import { UserError } from '../configs/userError.js';

/** What the layers need to know of a checkpoint; every value comes from its config.json. */
export interface ModelConfig {
  vocabularySize: number;
  hidden: number;
  intermediate: number;
  layers: number;
  heads: number;
  /** Key and value heads; each serves heads / kvHeads query heads. */
  kvHeads: number;
  headDim: number;
  ropeTheta: number;
  normEpsilon: number;
}

const modelTypes = ['qwen2', 'qwen2_5_vl', 'qwen2_5_vl_text'];

/**
 * Read the decoder's shape from a parsed config.json.
 * Source: Hugging Face `Qwen2Config`; Qwen2.5-VL keeps the text model's values at the top or under text_config.
 * @param file  path of the config, for messages
 * @throws UserError when a value is missing or asks for something that is not a plain Qwen2 decoder
 */
export function modelConfig(json: Record<string, unknown>, file: string): ModelConfig {
  const type = json['model_type'];
  if (!modelTypes.includes(String(type)))
    throw new UserError(`${file}: model_type must be one of ${modelTypes.join(', ')}; got ${JSON.stringify(type)}`);
  const text = { ...json, ...((json['text_config'] as object | undefined) ?? {}) } as Record<string, unknown>;
  const size = (name: string): number => {
    const value = text[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
      throw new UserError(`${file}: ${name} must be a whole number above 0; got ${JSON.stringify(value)}`);
    return value;
  };
  const heads = size('num_attention_heads');
  const hidden = size('hidden_size');
  const kvHeads = size('num_key_value_heads');
  const headDim = text['head_dim'] == null ? hidden / heads : size('head_dim');
  if (!Number.isInteger(headDim) || headDim % 2 !== 0)
    throw new UserError(`${file}: head size must be an even whole number; got ${headDim}`);
  if (heads % kvHeads !== 0)
    throw new UserError(
      `${file}: num_attention_heads must be a multiple of num_key_value_heads; got ${heads}, ${kvHeads}`,
    );
  refuseOtherDecoders(text, file);
  return {
    vocabularySize: size('vocab_size'),
    hidden,
    intermediate: size('intermediate_size'),
    layers: size('num_hidden_layers'),
    heads,
    kvHeads,
    headDim,
    ropeTheta: ropeTheta(text, file),
    normEpsilon: above0(text, 'rms_norm_eps', file),
  };
}

/** What a file may ask for and these layers do not compute. Absent, every value is the plain one. */
function refuseOtherDecoders(text: Record<string, unknown>, file: string): void {
  const refuse = (name: string, rule: string) => {
    throw new UserError(`${file}: ${name} must be ${rule}; got ${JSON.stringify(text[name])}`);
  };
  if (text['hidden_act'] !== 'silu') refuse('hidden_act', 'silu');
  if (text['use_sliding_window'] === true)
    throw new UserError(`${file}: use_sliding_window must be false; sliding-window attention is not supported`);
  const kinds = text['layer_types'] ?? [];
  if (!Array.isArray(kinds) || kinds.some((kind) => kind !== 'full_attention'))
    refuse('layer_types', 'full_attention in every layer');
  if ((text['partial_rotary_factor'] ?? 1) !== 1) refuse('partial_rotary_factor', '1');
  if ((text['attention_dropout'] ?? 0) !== 0) refuse('attention_dropout', '0');
  if (text['quantization_config'] != null)
    throw new UserError(
      `${file}: quantization_config says that the weights are quantized; take the checkpoint in bfloat16`,
    );
}

/**
 * The base of the rotary frequencies: in the group `rope_parameters` of transformers 5, else at the top. The files of
 * Qwen2.5-VL ask for `mrope`, one position number each for time, height and width; of text all three are the token's
 * place, so every frequency turns by that place as in plain rotary embeddings, however `mrope_section` deals them out.
 */
function ropeTheta(text: Record<string, unknown>, file: string): number {
  const group = (name: string) => (text[name] ?? {}) as Record<string, unknown>;
  const parameters = group('rope_parameters');
  const inner = (parameters['full_attention'] ?? parameters) as Record<string, unknown>;
  for (const scaling of [group('rope_scaling'), inner]) {
    const kind = scaling['rope_type'] ?? scaling['type'] ?? 'default';
    if (kind !== 'default' && kind !== 'mrope')
      throw new UserError(
        `${file}: rope scaling must be default or mrope; got ${JSON.stringify(kind)}, which changes texts of every length; leave it out`,
      );
  }
  const [below, top] = [inner['rope_theta'], text['rope_theta']];
  if (below !== undefined && top !== undefined && below !== top)
    throw new UserError(
      `${file}: rope_theta must be one number; got ${JSON.stringify(top)} and, in rope_parameters, ${JSON.stringify(below)}`,
    );
  return above0(below === undefined ? text : inner, 'rope_theta', file);
}

function above0(values: Record<string, unknown>, name: string, file: string): number {
  const value = values[name];
  if (typeof value !== 'number' || !(value > 0))
    throw new UserError(`${file}: ${name} must be a number above 0; got ${JSON.stringify(value)}`);
  return value;
}
