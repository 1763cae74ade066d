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
  if (text['hidden_act'] !== 'silu')
    throw new UserError(`${file}: hidden_act must be silu; got ${JSON.stringify(text['hidden_act'])}`);
  if (text['use_sliding_window'] === true)
    throw new UserError(`${file}: use_sliding_window must be false; sliding-window attention is not supported`);
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

/** The base of the rotary frequencies. Text positions of multimodal rope are equal on all axes, so it is plain rope there. */
function ropeTheta(text: Record<string, unknown>, file: string): number {
  const scaling = (text['rope_scaling'] ?? text['rope_parameters'] ?? {}) as Record<string, unknown>;
  const kind = scaling['rope_type'] ?? scaling['type'] ?? 'default';
  if (kind !== 'default' && kind !== 'mrope')
    throw new UserError(`${file}: rope scaling must be default or mrope; got ${JSON.stringify(kind)}`);
  return above0(scaling['rope_theta'] === undefined ? text : scaling, 'rope_theta', file);
}

function above0(values: Record<string, unknown>, name: string, file: string): number {
  const value = values[name];
  if (typeof value !== 'number' || !(value > 0))
    throw new UserError(`${file}: ${name} must be a number above 0; got ${JSON.stringify(value)}`);
  return value;
}
