import assert from 'node:assert/strict';
import { UserError } from '../../configs/userError.js';
import { modelConfig } from '../../model/modelConfig.js';

/** The numbers of Qwen2.5-7B as its config.json has had them since 2024. */
const qwen7B = {
  model_type: 'qwen2',
  hidden_act: 'silu',
  hidden_size: 3584,
  intermediate_size: 18944,
  num_attention_heads: 28,
  num_hidden_layers: 28,
  num_key_value_heads: 4,
  rms_norm_eps: 1e-6,
  rope_theta: 1000000.0,
  sliding_window: 131072,
  use_sliding_window: false,
  vocab_size: 152064,
};

const read = (changes: object = {}) => modelConfig({ ...qwen7B, ...changes }, 'config.json');

describe('modelConfig', () => {
  it('reads the shape of Qwen2.5-7B', () => {
    assert.deepEqual(read(), {
      vocabularySize: 152064,
      hidden: 3584,
      intermediate: 18944,
      layers: 28,
      heads: 28,
      kvHeads: 4,
      headDim: 128,
      ropeTheta: 1e6,
      normEpsilon: 1e-6,
    });
  });

  it('takes rope_theta of each checkpoint, wherever its version of the library put it', () => {
    assert.equal(read({ rope_theta: 10000 }).ropeTheta, 1e4);
    const inGroup = { rope_theta: undefined, rope_parameters: { rope_theta: 10000, rope_type: 'default' } };
    assert.equal(read(inGroup).ropeTheta, 1e4);
    assert.equal(read({ rope_scaling: null }).ropeTheta, 1e6);
  });

  it('takes the text half of a vision-language checkpoint, at the top or under text_config', () => {
    const rope = { rope_scaling: { type: 'mrope', mrope_section: [16, 24, 24] } };
    assert.deepEqual(read({ model_type: 'qwen2_5_vl', ...rope }), read());
    // As transformers 5 writes it.
    const { rope_theta: _theta, ...text } = { ...qwen7B, model_type: 'qwen2_5_vl_text' };
    const rope_parameters = { mrope_section: [16, 24, 24], rope_theta: 1e6, rope_type: 'default', type: 'default' };
    const vision_config = { hidden_act: 'gelu', hidden_size: 1280 };
    assert.deepEqual(
      modelConfig(
        { model_type: 'qwen2_5_vl', vision_config, text_config: { ...text, rope_parameters } },
        'config.json',
      ),
      read(),
    );
    const { model_type: _, hidden_size, ...rest } = qwen7B;
    const nested = { model_type: 'qwen2_5_vl', ...rest, text_config: { model_type: 'qwen2_5_vl_text', hidden_size } };
    assert.deepEqual(modelConfig(nested, 'config.json'), read());
  });

  it('takes files that state what is plain anyway', () => {
    const plain = {
      layer_types: new Array(28).fill('full_attention'),
      sliding_window: 4096,
      max_window_layers: 28,
      use_mrope: false,
      attention_dropout: 0,
      partial_rotary_factor: 1,
      tie_word_embeddings: true,
    };
    assert.deepEqual(read(plain), read());
    assert.deepEqual(read({ use_sliding_window: undefined }), read());
    const perLayer = { full_attention: { rope_type: 'default', rope_theta: 1e4 } };
    assert.equal(read({ rope_theta: undefined, rope_parameters: perLayer }).ropeTheta, 1e4);
  });

  it('takes head_dim where it is stated, else divides', () => {
    assert.equal(read({ head_dim: 64 }).headDim, 64);
    assert.equal(read({ head_dim: null }).headDim, 128);
  });

  it('names the file, the setting, the rule and the value of what it cannot use', () => {
    const cases: [object, string][] = [
      [{ model_type: 'llama' }, 'model_type must be one of qwen2, qwen2_5_vl, qwen2_5_vl_text; got "llama"'],
      [{ use_sliding_window: true }, 'use_sliding_window must be false; sliding-window attention is not supported'],
      ...['yarn', 'linear', 'dynamic', 'llama3'].flatMap((kind): [object, string][] => {
        const message = `rope scaling must be default or mrope; got "${kind}", which changes texts of every length; leave it out`;
        return [
          [{ rope_scaling: { type: kind, factor: 4 } }, message],
          [{ rope_scaling: null, rope_parameters: { rope_type: kind, factor: 4, rope_theta: 1e6 } }, message],
        ];
      }),
      [
        { rope_parameters: { rope_theta: 1e4 } },
        'rope_theta must be one number; got 1000000 and, in rope_parameters, 10000',
      ],
      [
        { layer_types: ['full_attention', 'sliding_attention'] },
        'layer_types must be full_attention in every layer; got ["full_attention","sliding_attention"]',
      ],
      [{ partial_rotary_factor: 0.5 }, 'partial_rotary_factor must be 1; got 0.5'],
      [{ attention_dropout: 0.1 }, 'attention_dropout must be 0; got 0.1'],
      [
        { quantization_config: { quant_method: 'awq' } },
        'quantization_config says that the weights are quantized; take the checkpoint in bfloat16',
      ],
      [{ hidden_act: 'gelu' }, 'hidden_act must be silu; got "gelu"'],
      [{ num_hidden_layers: undefined }, 'num_hidden_layers must be a whole number above 0; got undefined'],
      [{ vocab_size: '152064' }, 'vocab_size must be a whole number above 0; got "152064"'],
      [{ num_key_value_heads: 5 }, 'num_attention_heads must be a multiple of num_key_value_heads; got 28, 5'],
      [{ hidden_size: 28 }, 'head size must be an even whole number; got 1'],
      [{ rope_theta: 0 }, 'rope_theta must be a number above 0; got 0'],
      [{ rms_norm_eps: undefined }, 'rms_norm_eps must be a number above 0; got undefined'],
    ];
    for (const [changes, message] of cases)
      assert.throws(
        () => read(changes),
        (error) => error instanceof UserError && error.message === `config.json: ${message}`,
        message,
      );
  });
});
