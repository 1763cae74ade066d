import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { checkpointClaims } from '../../../checkpoints/base/claims.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

describe('checkpointClaims', () => {
  const place = useTemporaryFolder();
  const demo = 'configs/bases/demo';
  const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as object;

  /** The demo base with some files changed or added. */
  function checkpoint(files: Record<string, object>): string {
    const folder = place('base');
    const all = {
      'config.json': {},
      'tokenizer_config.json': {},
      ...files,
    };
    for (const [name, changed] of Object.entries(all)) {
      const file = join(folder, name);
      mkdirSync(dirname(file), { recursive: true });
      const original = existsSync(join(demo, name)) ? read(join(demo, name)) : {};
      writeFileSync(file, JSON.stringify(Array.isArray(changed) ? changed : { ...original, ...changed }));
    }
    return folder;
  }

  const module = (kind: string, path = '') => ({ path, type: `sentence_transformers.models.${kind}` });
  const pooled = [module('Transformer'), module('Pooling', '1_Pooling'), module('Normalize', '2_Normalize')];

  it('are none of the demonstration base', async () => {
    assert.deepEqual(await checkpointClaims(demo), { warnings: [], prefixes: {} });
  });

  it('refuses a prompt before all texts that is neither of queries nor of documents', async () => {
    const file = 'config_sentence_transformers.json';
    const folder = checkpoint({
      [file]: { prompts: { usual: 'Say: ' }, default_prompt_name: 'usual' },
      'modules.json': pooled,
    });
    await assert.rejects(checkpointClaims(folder), {
      name: 'UserError',
      message: `${join(folder, file)}: default_prompt_name must be absent or beside prompts named query and document; got "usual"`,
    });
  });

  it('are none of the bases of the study', async function () {
    const data = resolve(process.env['ORACLES'] ?? '../shared/data');
    const [replicas, configs] = [join(data, 'oracles/replicas'), join(data, 'configs')];
    if (!existsSync(replicas) || !existsSync(configs)) return this.skip();
    for (const name of readdirSync(replicas))
      assert.deepEqual(await checkpointClaims(join(replicas, name)), { warnings: [], prefixes: {} }, name);
    for (const name of readdirSync(configs))
      assert.deepEqual((await checkpointClaims(checkpoint({ 'config.json': read(join(configs, name)) }))).warnings, []);
  });

  it('take prompts over, and pass over the pooling that is computed', async () => {
    const folder = checkpoint({
      'modules.json': pooled,
      '1_Pooling/config.json': {
        word_embedding_dimension: 256,
        pooling_mode_lasttoken: true,
        pooling_mode_cls_token: false,
      },
      'config_sentence_transformers.json': { prompts: { query: 'Q: ', document: '' }, similarity_fn_name: 'cosine' },
    });
    assert.deepEqual(await checkpointClaims(folder), { warnings: [], prefixes: { query: 'Q: ', passage: '' } });
  });

  it('are told where they are not known', async () => {
    const folder = checkpoint({ 'config.json': { attention_sinks: 4 }, 'tokenizer_config.json': { shuffle: true } });
    assert.deepEqual((await checkpointClaims(folder)).warnings, [
      `${join(folder, 'config.json')} says attention_sinks, which is not known here and is not followed`,
      `${join(folder, 'tokenizer_config.json')} says shuffle, which is not known here and is not followed`,
    ]);
  });

  // Keys of modules.json, and the file of settings of its first module, were looked at by nobody.
  it('are told and refused in each file that says how a checkpoint computes', async () => {
    const folder = checkpoint({
      'modules.json': [{ ...module('Transformer'), kwargs: ['task'] }],
      'sentence_bert_config.json': { max_seq_length: 512, do_lower_case: false, rope_shift: 1 },
    });
    assert.deepEqual((await checkpointClaims(folder)).warnings, [
      `${join(folder, 'sentence_bert_config.json')} says rope_shift, which is not known here and is not followed`,
      `${join(folder, 'modules.json')} says kwargs, which is not known here and is not followed`,
    ]);
  });

  it('say where no prompt is that of queries or documents', async () => {
    const file = 'config_sentence_transformers.json';
    const folder = checkpoint({ [file]: { prompts: { web_search_query: 'Find: ', plain: '' } } });
    assert.deepEqual(await checkpointClaims(folder), {
      prefixes: {},
      warnings: [
        `${join(folder, file)} has prompts, none of which is named query or document, so none is put before texts; ` +
          '--set contract.queryPrefix=... takes one over: web_search_query',
      ],
    });
  });

  // All of them were read as plain Qwen2 with last-token pooling, without a word.
  const refusals: [what: string, files: Record<string, object>, message: RegExp][] = [
    [
      'attention to both sides',
      { 'config.json': { is_causal: false } },
      /config\.json: is_causal must be true; got false/,
    ],
    ['code of its own', { 'config.json': { auto_map: { AutoModel: 'm.M' } } }, /auto_map must be absent; got .*m\.M/],
    ['lower case', { 'tokenizer_config.json': { do_lower_case: true } }, /do_lower_case must be false; got true/],
    [
      'mean pooling',
      {
        'modules.json': pooled,
        '1_Pooling/config.json': { pooling_mode_mean_tokens: true, pooling_mode_lasttoken: false },
      },
      /1_Pooling.config\.json: pooling_mode_mean_tokens must be false; got true/,
    ],
    [
      'mean pooling as newer versions say it',
      { 'modules.json': pooled, '1_Pooling/config.json': { pooling_mode: 'mean' } },
      /pooling_mode must be lasttoken; got "mean"/,
    ],
    [
      'a Dense module',
      { 'modules.json': [...pooled, module('Dense', '3_Dense')] },
      /modules\.json names a module Dense/,
    ],
    [
      'lower case in the settings of its first module',
      { 'modules.json': pooled, 'sentence_bert_config.json': { do_lower_case: true } },
      /sentence_bert_config\.json: do_lower_case must be false; got true/,
    ],
    [
      'prompts that are no texts',
      { 'config_sentence_transformers.json': { prompts: { query: ['a'] } } },
      /prompts must be texts by name; got \{"query":\["a"\]\}/,
    ],
    [
      'another similarity',
      { 'config_sentence_transformers.json': { similarity_fn_name: 'dot' } },
      /similarity_fn_name must be cosine; got "dot"/,
    ],
  ];
  for (const [what, files, message] of refusals)
    it(`are refused for ${what}`, () =>
      assert.rejects(checkpointClaims(checkpoint(files)), { name: 'UserError', message }));
});
