import type { BaseFolder } from './baseFolder.js';
import { releasedName } from './releasedName.js';

/**
 * The text half of a vision-language base, as the Qwen2 model it is: without the vision tower, under Qwen2's names.
 * For text alone the three position numbers of its rotary embedding are equal, so it is the ordinary one.
 * Source: Qwen2.5-VL (arXiv 2502.13923) section 2.1.
 * @returns the same base where there is no vision tower
 */
export function textModel(base: BaseFolder): BaseFolder {
  if (!base.config.vision_config) return base;
  const { vision_config: _vision, text_config: text = {}, ...rest } = base.config;
  const { rope_scaling: _scaling, ...config } = { ...rest, ...(text as object) } as Record<string, unknown>;
  const rope = config.rope_parameters as { rope_theta?: number } | undefined;
  const tensors = [...base.tensors]
    .map(([name, entry]) => [releasedName(name), entry] as const)
    .filter(([name]) => !name.startsWith('visual.'));
  return {
    ...base,
    config: {
      ...config,
      ...(rope && {
        rope_theta: rope.rope_theta,
        rope_parameters: { rope_theta: rope.rope_theta, rope_type: 'default' },
      }),
      architectures: ['Qwen2ForCausalLM'],
      model_type: 'qwen2',
    },
    tensors: new Map(tensors),
  };
}
