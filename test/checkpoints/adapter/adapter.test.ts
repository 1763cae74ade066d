import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { adapterClaims, readAdapter, writeAdapter } from '../../../checkpoints/adapter/adapter.js';
import { keysFor, type AdapterKeys } from '../../../checkpoints/adapter/names.js';
import { readContract } from '../../../checkpoints/contract/contractFile.js';
import { fromFloat32, readSafetensorsIndex, writeSafetensors } from '../../../checkpoints/tensors/safetensors.js';
import { UserError } from '../../../configs/userError.js';
import { adapter, contract } from '../examples.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

describe('writeAdapter', () => {
  const place = useTemporaryFolder();

  const expectedKeys: Record<AdapterKeys, string> = {
    'auto-model': 'base_model.model.layers.0.self_attn.q_proj',
    'causal-lm': 'base_model.model.model.layers.0.self_attn.q_proj',
    'vision-language': 'base_model.model.language_model.layers.0.self_attn.q_proj',
  };
  for (const keys of Object.keys(expectedKeys) as AdapterKeys[])
    it(`names matrices for ${keys} as PEFT does, and reads them back`, async () => {
      await writeAdapter(place('out'), adapter, { keys });
      const { tensors, metadata } = await readSafetensorsIndex(place('out/adapter_model.safetensors'));
      assert.deepEqual(
        [...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape]),
        [
          [`${expectedKeys[keys]}.lora_A.weight`, 'F32', [1, 2]],
          [`${expectedKeys[keys]}.lora_B.weight`, 'F32', [3, 1]],
        ],
      );
      assert.deepEqual(metadata, { format: 'pt' });
      assert.deepEqual(await readAdapter(place('out')), adapter);
    });

  it('writes the fields that PEFT needs', async () => {
    await writeAdapter(place(), adapter, { keys: 'causal-lm' });
    const config = JSON.parse(await readFile(place('adapter_config.json'), 'utf8')) as Record<string, unknown>;
    const { peft_type, task_type, base_model_name_or_path, r, lora_alpha, lora_dropout, target_modules } = config;
    assert.deepEqual(
      { peft_type, task_type, base_model_name_or_path, r, lora_alpha, lora_dropout, target_modules },
      {
        peft_type: 'LORA',
        task_type: 'CAUSAL_LM',
        base_model_name_or_path: 'some/base',
        r: 1,
        lora_alpha: 2,
        lora_dropout: 0.1,
        target_modules: ['q_proj'],
      },
    );
  });

  it('names the commit of a base of the hub, in the file that PEFT reads and in the README', async () => {
    const pinned = { ...adapter, revision: 'd'.repeat(40) };
    await writeAdapter(place(), pinned);
    const config = JSON.parse(await readFile(place('adapter_config.json'), 'utf8')) as Record<string, unknown>;
    assert.equal(config['revision'], pinned.revision);
    assert.deepEqual(await readAdapter(place()), pinned);
    const card = await readFile(place('README.md'), 'utf8');
    assert.ok(card.includes(`AutoModel.from_pretrained("some/base", revision="${pinned.revision}")`), card);
  });

  it('leaves the vision tower alone, whose projections have the same names', async () => {
    await writeAdapter(place('text'), adapter);
    await writeAdapter(place('vision'), adapter, { keys: 'vision-language' });
    const excluded = async (name: string) =>
      (JSON.parse(await readFile(place(`${name}/adapter_config.json`), 'utf8')) as Record<string, unknown>)
        .exclude_modules;
    assert.equal(await excluded('text'), null);
    assert.equal(await excluded('vision'), '.*visual.*');
  });

  it('finds what it changes of the vision tower too by a pattern that hits nothing else', async () => {
    const matrix = { a: Float32Array.of(1, 2), b: Float32Array.of(3), inSize: 2, outSize: 1 };
    const ofTower = ['attn.qkv', 'attn.proj', 'mlp.up_proj'].map((name) => `visual.blocks.0.${name}`);
    const both = {
      ...adapter,
      matrices: new Map([...adapter.matrices, ...ofTower.map((name) => [name, matrix] as const)]),
    };
    await assert.rejects(writeAdapter(place('no'), both), {
      name: 'UserError',
      message: 'an adapter that changes the vision tower needs names for vision-language; got auto-model',
    });
    await writeAdapter(place(), both, { keys: 'vision-language', contract });
    assert.deepEqual(await readAdapter(place()), both);
    const { tensors } = await readSafetensorsIndex(place('adapter_model.safetensors'));
    assert.ok(tensors.has('base_model.model.visual.blocks.0.attn.qkv.lora_A.weight'));
    const config = JSON.parse(await readFile(place('adapter_config.json'), 'utf8')) as Record<string, unknown>;
    assert.equal(config['exclude_modules'], null);
    const pattern = new RegExp(`^(?:${String(config['target_modules'])})$`); // PEFT takes the whole name
    const hit = [
      'language_model.layers.0.self_attn.q_proj',
      'model.language_model.layers.27.self_attn.q_proj',
      ...['attn.qkv', 'attn.proj', 'mlp.up_proj'].map((name) => `visual.blocks.31.${name}`),
      'model.visual.blocks.0.attn.qkv',
    ];
    const passed = [
      'language_model.layers.0.self_attn.k_proj',
      'language_model.layers.0.mlp.up_proj',
      ...['visual.blocks.0.mlp.gate_proj', 'visual.merger.mlp.0', 'visual.patch_embed.proj', 'visual.blocks.0.norm1'],
    ];
    assert.deepEqual(
      [...hit, ...passed].filter((name) => pattern.test(name)),
      hit,
    );
    assert.match(
      await readFile(place('README.md'), 'utf8'),
      /on q_proj and, in the vision tower, on attn\.qkv, attn\.proj, mlp\.up_proj/,
    );
  });

  it('writes the contract beside, and into the README', async () => {
    await writeAdapter(place(), adapter, { contract });
    assert.deepEqual(await readContract(place('contract.json')), contract);
    assert.match(await readFile(place('README.md'), 'utf8'), /`Query:` \+ text, no blank added/);
  });

  it('tells in the README what stands around the text', async () => {
    const chat = { querySuffix: '?', chatBefore: '<user>\n', chatAfter: '</user>', answerStart: 'So', eosId: null };
    await writeAdapter(place(), adapter, { contract: { ...contract, ...chat } });
    const card = await readFile(place('README.md'), 'utf8');
    assert.ok(card.includes('| after it | `?` | nothing |'), card);
    assert.ok(card.includes('between `"<user>\\n"` and `"</user>So"`'), card);
  });

  it('names the weights it was trained on in base.json, where they are known', async () => {
    await writeAdapter(place(), { ...adapter, weightsHash: 'ab12' });
    assert.deepEqual(JSON.parse(await readFile(place('base.json'), 'utf8')), {
      name: 'some/base',
      weightsHash: 'ab12',
    });
    assert.deepEqual(await readAdapter(place()), { ...adapter, weightsHash: 'ab12' });
  });

  it('keeps other files of the folder', async () => {
    await writeFile(place('mine.txt'), 'precious');
    await writeAdapter(place(), adapter);
    await writeAdapter(place(), adapter);
    assert.deepEqual((await readdir(place())).sort(), [
      'README.md',
      'adapter_config.json',
      'adapter_model.safetensors',
      'mine.txt',
    ]);
  });
});

describe('readAdapter', () => {
  const place = useTemporaryFolder();
  beforeEach(() => writeAdapter(place(), adapter));

  async function changeConfig(change: Record<string, unknown>) {
    const config = JSON.parse(await readFile(place('adapter_config.json'), 'utf8')) as Record<string, unknown>;
    await writeFile(place('adapter_config.json'), JSON.stringify({ ...config, ...change }));
  }

  const half = (name: string, ...shape: [number, number]) => ({
    name: `base_model.model.${name}.weight`,
    dtype: 'F32' as const,
    shape,
    bytes: fromFloat32(new Float32Array(shape[0] * shape[1]), 'F32'),
  });
  const writeWeights = (...halves: ReturnType<typeof half>[]) =>
    writeSafetensors(place('adapter_model.safetensors'), halves);

  const refuses = (message: RegExp) =>
    assert.rejects(readAdapter(place()), (error: Error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });

  it('reads the six fields that PEFT asks for, and names with `.default`', async () => {
    const { a, b } = adapter.matrices.get('layers.0.self_attn.q_proj')!;
    const name = 'base_model.model.model.language_model.layers.0.self_attn.q_proj';
    const few = {
      peft_type: 'LORA',
      r: 1,
      lora_alpha: 2,
      base_model_name_or_path: 'some/base',
      target_modules: ['q_proj'],
    };
    await writeFile(place('adapter_config.json'), JSON.stringify({ ...few, task_type: 'CAUSAL_LM' }));
    await writeSafetensors(place('adapter_model.safetensors'), [
      { name: `${name}.lora_A.default.weight`, dtype: 'BF16', shape: [1, 2], bytes: fromFloat32(a, 'BF16') },
      { name: `${name}.lora_B.default.weight`, dtype: 'F16', shape: [3, 1], bytes: fromFloat32(b, 'F16') },
    ]);
    assert.deepEqual(await readAdapter(place()), { ...adapter, dropout: 0 });
  });

  it('takes all-linear for all seven projections', async () => {
    await changeConfig({ target_modules: 'all-linear' });
    assert.deepEqual((await readAdapter(place())).targets, ['q', 'k', 'v', 'o', 'gate', 'up', 'down']);
  });

  it('goes by the weights where modules are named by a pattern', async () => {
    await changeConfig({ target_modules: '^(?!.*visual).*(?:q_proj|k_proj)$' });
    assert.deepEqual((await readAdapter(place())).targets, ['q']);
  });

  // Lists of the usual names hit projections of the vision tower by accident: such adapters were refused.
  it('reads what an adapter changes of the vision tower, whichever class its names are made for', async () => {
    const pair = (name: string) => [half(`${name}.lora_A`, 1, 2), half(`${name}.lora_B`, 3, 1)];
    await changeConfig({ target_modules: ['q_proj', 'up_proj', 'qkv'] });
    await writeWeights(
      ...['language_model.layers.0.self_attn.q_proj', 'visual.blocks.0.mlp.up_proj', 'model.visual.blocks.11.attn.qkv']
        .map(pair)
        .flat(),
    );
    const { targets, matrices } = await readAdapter(place());
    assert.deepEqual(targets, ['q', 'up']);
    const names = ['layers.0.self_attn.q_proj', 'visual.blocks.0.mlp.up_proj', 'visual.blocks.11.attn.qkv'];
    assert.deepEqual([...matrices.keys()], names);
    await writeWeights(...pair('visual.blocks.0.attn.proj'));
    await refuses(/holds visual\.blocks\.0\.attn\.proj, but adapter_config\.json does not name proj in target_modules/);
  });

  const otherKinds: [change: Record<string, unknown>, message: RegExp][] = [
    [{ use_rslora: true }, /use_rslora must be absent or empty; got true; only plain LoRA is read/],
    [{ use_dora: true }, /use_dora must be absent or empty/],
    [{ bias: 'lora_only' }, /bias must be "none"; got "lora_only"/],
    [{ rank_pattern: { q_proj: 8 } }, /rank_pattern must be absent or empty; got \{"q_proj":8\}/],
    [{ alpha_pattern: { q_proj: 8 } }, /alpha_pattern must be absent or empty/],
    [{ modules_to_save: ['lm_head'] }, /modules_to_save must be absent or empty; got \["lm_head"\]/],
    [
      { init_lora_weights: 'pissa' },
      /init_lora_weights must be one of true, false, gaussian, eva, orthogonal; got "pissa"/,
    ],
    [{ peft_type: 'IA3' }, /peft_type must be "LORA"; got "IA3"/],
    [{ r: 0 }, /r must be a whole number above 0; got 0/],
    [{ lora_alpha: null }, /lora_alpha must be a number above 0; got null/],
    [{ target_modules: ['q_proj', 'embed_tokens'] }, /target_modules names embed_tokens; known here: q_proj, k_proj/],
    [{ target_modules: '' }, /target_modules must list projections, such as \["q_proj"\]; got ""/],
    [
      { target_modules: ['k_proj'] },
      /holds layers\.0\.self_attn\.q_proj, but adapter_config\.json does not name q_proj/,
    ],
  ];
  for (const [change, message] of otherKinds)
    it(`refuses ${JSON.stringify(change)}`, async () => {
      await changeConfig(change);
      await refuses(message);
    });

  // A key of a newer PEFT that changes the arithmetic was passed over without a word.
  it('has a line for each key that is not known, and none for those that change nothing', async () => {
    await changeConfig({ lora_scaling_trick: true, peft_version: '0.18.0', loftq_config: {}, use_qalora: false });
    assert.deepEqual(await adapterClaims(place()), [
      `${place('adapter_config.json')} says lora_scaling_trick, which is not known here and is not followed`,
    ]);
    await changeConfig({ arrow_config: { top_k: 3 } });
    await refuses(/arrow_config must be absent or empty; got \{"top_k":3\}/);
  });

  it('accepts an empty modules_to_save and patterns', async () => {
    await changeConfig({ modules_to_save: [], rank_pattern: {}, alpha_pattern: null });
    assert.equal((await readAdapter(place())).rank, 1);
  });

  it('refuses a base.json that does not say which weights', async () => {
    await writeFile(place('base.json'), '{}');
    await refuses(/base\.json lacks weightsHash; restore it, or remove it/);
  });

  it('refuses half of a pair', async () => {
    await writeWeights(half('layers.0.self_attn.q_proj.lora_A', 1, 2));
    await refuses(/layers\.0\.self_attn\.q_proj has lora_A but no lora_B/);
  });

  it('refuses a rank that is not the one in the configuration', async () => {
    await writeWeights(half('layers.0.self_attn.q_proj.lora_A', 2, 2), half('layers.0.self_attn.q_proj.lora_B', 3, 2));
    await refuses(
      /q_proj has lora_A \[2, 2\] and lora_B \[3, 2\]; r 1 in adapter_config\.json needs \[1, in\] and \[out, 1\]/,
    );
  });

  it('refuses adapters on other parts of the model', async () => {
    for (const name of ['visual.merger.mlp.0', 'visual.blocks.0.mlp.q_proj', 'text.layers.0.self_attn.q_proj']) {
      await writeWeights(half(`${name}.lora_A`, 1, 2));
      await refuses(new RegExp(`holds base_model\\.model\\.${name}\\.lora_A\\.weight, which is not LoRA on`));
    }
  });

  it('refuses one matrix under two names', async () => {
    await writeWeights(
      half('layers.0.self_attn.q_proj.lora_A', 1, 2),
      half('model.layers.0.self_attn.q_proj.lora_A', 1, 2),
    );
    await refuses(/holds lora_A of layers\.0\.self_attn\.q_proj under two names/);
  });

  it('refuses a file without matrices, a pickled one, and a folder that is no adapter', async () => {
    await writeWeights();
    await refuses(/holds no adapter matrix/);
    await rm(place('adapter_model.safetensors'));
    await refuses(/adapter_model\.safetensors does not exist/);
    await writeFile(place('adapter_model.bin'), '');
    await refuses(/holds adapter_model\.bin only; save the adapter again as safetensors/);
    await rm(join(place(), 'adapter_config.json'));
    await refuses(/is not an adapter: it has no adapter_config\.json/);
  });
});

describe('keysFor', () => {
  it('goes by the vision tower in config.json', () => {
    assert.equal(keysFor({ model_type: 'qwen2' }), 'auto-model');
    assert.equal(keysFor({ model_type: 'qwen2_5_vl', vision_config: { depth: 2 } }), 'vision-language');
  });
});
