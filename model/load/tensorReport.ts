import { matrixName } from '../../checkpoints/adapter/names.js';
import { tensorPrefixes } from '../../checkpoints/base/tensorPrefixes.js';
import { projections } from '../../configs/schema.js';
import { UserError } from '../../configs/userError.js';
import type { ModelConfig } from '../modelConfig.js';

/** What becomes of each tensor of a checkpoint. */
export interface TensorReport {
  /** What precedes `layers.0` in this checkpoint's names. */
  prefix: string;
  used: string[];
  skipped: TensorNote[];
  /** The decoder needs them, the checkpoint lacks them. */
  missing: string[];
  /** Whoever saved them computes with them, and this decoder does not. */
  refused: TensorNote[];
}

export interface TensorNote {
  name: string;
  why: string;
}

/**
 * Sort a checkpoint's tensors by what the decoder does with them.
 * @param tensors  by name
 */
export function tensorReport(tensors: ReadonlyMap<string, unknown>, config: ModelConfig, tied = false): TensorReport {
  const prefix = tensorPrefixes.find((candidate) => tensors.has(`${candidate}embed_tokens.weight`)) ?? 'model.';
  const needed = decoderTensors(config).map((name) => prefix + name);
  const wanted = new Set(needed);
  const report: TensorReport = { prefix, used: [], skipped: [], missing: [], refused: [] };
  for (const name of needed) (tensors.has(name) ? report.used : report.missing).push(name);
  for (const name of tensors.keys()) {
    if (wanted.has(name)) continue;
    const skipped = whySkipped(name, prefix, tied);
    if (skipped !== undefined) report.skipped.push({ name, why: skipped });
    else report.refused.push({ name, why: whyRefused(name.slice(prefix.length), config) });
  }
  return report;
}

/** @throws UserError naming every tensor that is missing, or those that ask for another decoder than this */
export function requireTensors({ missing, refused }: TensorReport, folder: string): void {
  const some = (names: string[]) => (names.length === 1 ? `tensor ${names[0]} is` : `tensors ${names.join(', ')} are`);
  if (refused.length > 0) {
    const { why } = refused[0]!;
    const alike = refused.filter((note) => note.why === why).map(({ name }) => name);
    const shown = alike.length > 4 ? [...alike.slice(0, 3), `${alike.length - 3} more`] : alike;
    throw new UserError(
      `${folder}: ${some(shown)} not for a Qwen2 decoder: ${why}; name a Qwen2 or Qwen2.5 checkpoint`,
    );
  }
  if (missing.length > 0) throw new UserError(`${folder}: ${some(missing)} missing; download the checkpoint again`);
}

/** Names without prefix, in the order of the layers. */
function decoderTensors({ layers }: ModelConfig): string[] {
  const ofLayer = (layer: number) => [
    `layers.${layer}.input_layernorm.weight`,
    ...projections.flatMap((target) => {
      const name = matrixName(layer, target);
      const hasBias = target === 'q' || target === 'k' || target === 'v';
      return hasBias ? [`${name}.weight`, `${name}.bias`] : [`${name}.weight`];
    }),
    `layers.${layer}.post_attention_layernorm.weight`,
  ];
  return ['embed_tokens.weight', ...Array.from({ length: layers }, (_, layer) => ofLayer(layer)).flat(), 'norm.weight'];
}

function whySkipped(name: string, prefix: string, tied: boolean): string | undefined {
  if (/^(model\.)?visual\.|(^|\.)vision_(tower|model)\./.test(name)) return 'vision tower: texts do not need it';
  if (/(^|\.)lm_head\./.test(name))
    return tied ? 'language head, the embedding table again' : 'language head: embeddings do not need it';
  if (/rotary_emb\.inv_freq$/.test(name)) return 'rotary frequencies, which are computed here';
  const isInDecoder = name.startsWith(prefix) && (prefix !== '' || /^(layers|embed|norm)/.test(name));
  return isInDecoder ? undefined : 'outside the decoder';
}

function whyRefused(name: string, { layers }: ModelConfig): string {
  const layer = /^layers\.(\d+)\./.exec(name)?.[1];
  if (layer !== undefined && Number(layer) >= layers) return `config.json says ${layers} layers`;
  if (/\.(q|k)_norm\./.test(name)) return 'queries and keys are normalised, as in Qwen3';
  if (/lora_|\.base_layer\./.test(name)) return 'they belong to an adapter that is not merged';
  if (/\.(qweight|qzeros|scales|g_idx|absmax|\w*_scale(_inv)?|quant_\w+|nested_\w+|SCB)\b/.test(name))
    return 'the weights are quantised';
  if (/\.bias$/.test(name)) return 'Qwen2 has no such bias';
  return 'it has no part of that name';
}
