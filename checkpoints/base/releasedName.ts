/**
 * The name that a tensor of a vision-language base has in its releases: `visual.`, `model.` and `lm_head.`. Library
 * versions since moved tower and text half under `model.`, or dropped the first `model.`; every version reads the names of
 * the releases, while `AutoModel` of transformers 5.18 leaves a tower under `model.visual.` at random without a word.
 * Source: transformers `_checkpoint_conversion_mapping` of Qwen2.5-VL.
 */
export const releasedName = (name: string): string =>
  name
    .replace(/^model\.visual\./, 'visual.')
    .replace(/^language_model\.lm_head\./, 'lm_head.')
    .replace(/^(model\.language_model|language_model\.model|language_model)\./, 'model.');
