import assert from 'node:assert/strict';
import type { BaseFolder } from '../../../checkpoints/base/baseFolder.js';
import { textModel } from '../../../checkpoints/base/textModel.js';

const entry = { dtype: 'F32' as const, shape: [1], file: 'f', begin: 0, end: 4 };
const base = (config: Record<string, unknown>, ...names: string[]): BaseFolder => ({
  folder: 'base',
  config,
  tensors: new Map(names.map((name) => [name, entry])),
  weightsHash: 'h',
});

describe('textModel', () => {
  it('gives a text model back as it is', () => {
    const text = base({ model_type: 'qwen2' }, 'model.norm.weight');
    assert.equal(textModel(text), text);
  });

  it('drops the vision tower and its settings from a Qwen2.5-VL checkpoint as it is published', () => {
    const { config, tensors } = textModel(
      base(
        {
          model_type: 'qwen2_5_vl',
          architectures: ['Qwen2_5_VLForConditionalGeneration'],
          hidden_size: 4,
          rope_theta: 1e6,
          rope_scaling: { type: 'mrope', mrope_section: [2, 3, 3] },
          vision_config: { depth: 1 },
        },
        'model.norm.weight',
        'lm_head.weight',
        'visual.merger.ln_q.weight',
      ),
    );
    assert.deepEqual(config, {
      model_type: 'qwen2',
      architectures: ['Qwen2ForCausalLM'],
      hidden_size: 4,
      rope_theta: 1e6,
    });
    assert.deepEqual([...tensors.keys()], ['model.norm.weight', 'lm_head.weight']);
  });

  it('reads the names and nested settings of one that a newer library saved', () => {
    const { config, tensors } = textModel(
      base(
        {
          model_type: 'qwen2_5_vl',
          text_config: { hidden_size: 4, rope_parameters: { rope_theta: 5, rope_type: 'default', mrope_section: [1] } },
          vision_config: {},
        },
        'model.language_model.norm.weight',
        'model.visual.merger.ln_q.weight',
        'language_model.model.layers.0.mlp.up_proj.weight',
        'language_model.lm_head.weight',
      ),
    );
    assert.deepEqual(config, {
      model_type: 'qwen2',
      architectures: ['Qwen2ForCausalLM'],
      hidden_size: 4,
      rope_theta: 5,
      rope_parameters: { rope_theta: 5, rope_type: 'default' },
    });
    assert.deepEqual([...tensors.keys()], ['model.norm.weight', 'model.layers.0.mlp.up_proj.weight', 'lm_head.weight']);
  });

  it('reads the names of a text half that was saved by itself', () => {
    const names = ['language_model.embed_tokens.weight', 'language_model.layers.0.mlp.up_proj.weight'];
    const { tensors } = textModel(base({ model_type: 'qwen2_5_vl', vision_config: {} }, ...names));
    assert.deepEqual([...tensors.keys()], ['model.embed_tokens.weight', 'model.layers.0.mlp.up_proj.weight']);
  });
});
