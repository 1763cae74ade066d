import type { ModelConfig } from '../../../model/modelConfig.js';

/** A decoder to measure; `tied` says that the language head is the embedding table. */
export interface Shape extends ModelConfig {
  tied: boolean;
}

const qwen = { ropeTheta: 1e6, normEpsilon: 1e-6, vocabularySize: 151_936, headDim: 128, kvHeads: 2, tied: true };

/** The sizes of Qwen2.5. Source: config.json of the published checkpoints. */
export const shapes: Record<string, Shape> = {
  '0.5b': { ...qwen, hidden: 896, intermediate: 4864, layers: 24, heads: 14, headDim: 64 },
  '1.5b': { ...qwen, hidden: 1536, intermediate: 8960, layers: 28, heads: 12 },
  '3b': { ...qwen, hidden: 2048, intermediate: 11_008, layers: 36, heads: 16 },
  '7b': {
    ...qwen,
    hidden: 3584,
    intermediate: 18_944,
    layers: 28,
    heads: 28,
    kvHeads: 4,
    vocabularySize: 152_064,
    tied: false,
  },
};

/** config.json of a checkpoint of this shape. @param eosId  of its tokenizer */
export function configJson(shape: Shape, eosId: number): Record<string, unknown> {
  return {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    vocab_size: shape.vocabularySize,
    hidden_size: shape.hidden,
    intermediate_size: shape.intermediate,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.kvHeads,
    // transformers derives the head size from the others; stated where that would give another one.
    ...(shape.headDim * shape.heads !== shape.hidden && { head_dim: shape.headDim }),
    rope_theta: shape.ropeTheta,
    rms_norm_eps: shape.normEpsilon,
    hidden_act: 'silu',
    max_position_embeddings: 32_768,
    tie_word_embeddings: shape.tied,
    use_sliding_window: false,
    attention_dropout: 0,
    bos_token_id: eosId,
    eos_token_id: eosId,
    torch_dtype: 'bfloat16',
  };
}
