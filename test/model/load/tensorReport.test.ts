import assert from 'node:assert/strict';
import { UserError } from '../../../configs/userError.js';
import type { ModelConfig } from '../../../model/modelConfig.js';
import { requireTensors, tensorReport } from '../../../model/load/tensorReport.js';

const config: ModelConfig = {
  vocabularySize: 8,
  hidden: 4,
  intermediate: 6,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headDim: 2,
  ropeTheta: 1e4,
  normEpsilon: 1e-6,
};

const decoder = [
  'embed_tokens.weight',
  'layers.0.input_layernorm.weight',
  'layers.0.self_attn.q_proj.weight',
  'layers.0.self_attn.q_proj.bias',
  'layers.0.self_attn.k_proj.weight',
  'layers.0.self_attn.k_proj.bias',
  'layers.0.self_attn.v_proj.weight',
  'layers.0.self_attn.v_proj.bias',
  'layers.0.self_attn.o_proj.weight',
  'layers.0.mlp.gate_proj.weight',
  'layers.0.mlp.up_proj.weight',
  'layers.0.mlp.down_proj.weight',
  'layers.0.post_attention_layernorm.weight',
  'norm.weight',
];

const report = (names: string[], tied = false) => tensorReport(new Map(names.map((name) => [name, 0])), config, tied);

function refusal(names: string[]): string {
  try {
    requireTensors(report(names), 'here');
  } catch (error) {
    assert.ok(error instanceof UserError);
    return error.message;
  }
  return assert.fail('nothing was refused');
}

describe('tensorReport', () => {
  const layouts: [what: string, prefix: string, others: Record<string, string>][] = [
    ['Qwen2Model', '', {}],
    ['Qwen2ForCausalLM', 'model.', { 'lm_head.weight': 'language head: embeddings do not need it' }],
    [
      'Qwen2.5-VL as published',
      'model.',
      {
        'visual.blocks.0.mlp.up_proj.weight': 'vision tower: texts do not need it',
        'lm_head.weight': 'language head: embeddings do not need it',
      },
    ],
    [
      'Qwen2.5-VL as saved now',
      'model.language_model.',
      { 'model.visual.patch_embed.proj.weight': 'vision tower: texts do not need it' },
    ],
    [
      'its text half',
      'language_model.',
      { 'language_model.lm_head.weight': 'language head: embeddings do not need it' },
    ],
    [
      'its text half with a head',
      'language_model.model.',
      { 'language_model.lm_head.weight': 'language head: embeddings do not need it' },
    ],
  ];
  for (const [what, prefix, others] of layouts)
    it(`accounts for every tensor of ${what}`, () => {
      const names = decoder.map((name) => prefix + name);
      const found = report([...Object.keys(others), ...names].reverse());
      assert.equal(found.prefix, prefix);
      assert.deepEqual(found.used, names);
      assert.deepEqual(Object.fromEntries(found.skipped.map(({ name, why }) => [name, why])), others);
      assert.deepEqual([found.missing, found.refused], [[], []]);
    });

  it('tells a tied head and what lies outside the decoder', () => {
    const names = [
      ...decoder.map((name) => `model.${name}`),
      'lm_head.weight',
      'score.weight',
      'model.rotary_emb.inv_freq',
    ];
    assert.deepEqual(report(names, true).skipped, [
      { name: 'lm_head.weight', why: 'language head, the embedding table again' },
      { name: 'score.weight', why: 'outside the decoder' },
      { name: 'model.rotary_emb.inv_freq', why: 'rotary frequencies, which are computed here' },
    ]);
  });

  it('names all that are missing', () => {
    const gone = ['layers.0.self_attn.v_proj.bias', 'norm.weight'];
    assert.equal(
      refusal(decoder.filter((name) => !gone.includes(name))),
      'here: tensors layers.0.self_attn.v_proj.bias, norm.weight are missing; download the checkpoint again',
    );
  });

  const strangers: [name: string, why: string][] = [
    ['layers.0.self_attn.q_norm.weight', 'queries and keys are normalised, as in Qwen3'],
    ['layers.0.self_attn.o_proj.bias', 'Qwen2 has no such bias'],
    ['layers.0.mlp.up_proj.qweight', 'the weights are quantised'],
    ['layers.0.mlp.up_proj.weight_scale_inv', 'the weights are quantised'],
    ['layers.0.self_attn.q_proj.lora_A.default.weight', 'they belong to an adapter that is not merged'],
    ['layers.1.mlp.up_proj.weight', 'config.json says 1 layers'],
    ['layers.0.mlp.experts.0.up_proj.weight', 'it has no part of that name'],
  ];
  for (const [name, why] of strangers)
    it(`refuses ${name}, which would change what is computed`, () => {
      for (const prefix of ['', 'model.']) {
        const message = refusal([...decoder, name].map((each) => prefix + each));
        assert.equal(
          message,
          `here: tensor ${prefix}${name} is not for a Qwen2 decoder: ${why}; name a Qwen2 or Qwen2.5 checkpoint`,
        );
      }
    });

  it('shortens a long list of tensors that are refused for one reason', () => {
    const names = ['q', 'k', 'v', 'o', 'r'].map((letter) => `layers.0.self_attn.${letter}_proj.qweight`);
    assert.match(refusal([...decoder, ...names]), /^here: tensors (\S+ ){3}2 more are not for a Qwen2 decoder/);
  });
});
