import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { UserError } from '../../../configs/userError.js';
import { loadTokenizer } from '../../../data/tokenizer/tokenizer.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { tiny, writeTinyTokenizer } from '../../fixtures/writeTinyTokenizer.js';

const bytes = (text: string) => [...Buffer.from(text)];
const begin = { __type: 'AddedToken', content: '<|begin|>', lstrip: false, normalized: true };
const refused = (folder: string, message: RegExp) =>
  assert.rejects(loadTokenizer(folder), (error: Error) => {
    assert.ok(error instanceof UserError, error.stack);
    assert.match(error.message, message);
    return true;
  });

describe('loadTokenizer', () => {
  const at = useTemporaryFolder();

  it('encodes text without adding anything', async () => {
    writeTinyTokenizer(at());
    const tokenizer = await loadTokenizer(at());
    assert.deepEqual(tokenizer.encode('hello é'), [256, 257, ...bytes('o é')]);
    assert.deepEqual(tokenizer.encode(''), []);
    assert.deepEqual(tokenizer.encode('a<|im_end|>'), [97, tiny.imEnd]);
  });

  it('knows its special ids and its size', async () => {
    writeTinyTokenizer(at());
    const { bosId, eosId, vocabularySize } = await loadTokenizer(at());
    assert.deepEqual([bosId, eosId, vocabularySize], [null, tiny.end, tiny.size]);
  });

  it('has a hash of what decides the ids of a text: not of layout, not of what is added around it', async () => {
    writeTinyTokenizer(at());
    const { hash } = await loadTokenizer(at());
    assert.match(hash, /^[0-9a-f]{64}$/);
    const json = JSON.parse(readFileSync(at('tokenizer.json'), 'utf8')) as { model: { merges: string[] } };
    writeFileSync(at('tokenizer.json'), JSON.stringify({ ...json, post_processor: { type: 'ByteLevel' } }, null, 2));
    assert.equal((await loadTokenizer(at())).hash, hash);
    json.model.merges.reverse();
    writeFileSync(at('tokenizer.json'), JSON.stringify(json));
    assert.notEqual((await loadTokenizer(at())).hash, hash);
  });

  it('reads special tokens written as objects, and the BOS that the configuration announces', async () => {
    const eos = { __type: 'AddedToken', content: '<|im_end|>' };
    writeTinyTokenizer(at(), {
      add_bos_token: true,
      bos_token: begin,
      eos_token: eos,
      pad_token: { content: '<|im_end|>' },
    });
    const { bosId, eosId, encode } = await loadTokenizer(at());
    assert.deepEqual([bosId, eosId], [tiny.begin, tiny.imEnd]);
    assert.deepEqual(encode('a'), [97]);
  });

  it('has no BOS where there is a token for it that is not added', async () => {
    writeTinyTokenizer(at(), { add_bos_token: false, bos_token: begin });
    assert.equal((await loadTokenizer(at())).bosId, null);
  });

  it('believes the post-processor rather than the configuration', async () => {
    const template = {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<|begin|>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [],
      special_tokens: { '<|begin|>': { id: '<|begin|>', ids: [tiny.begin], tokens: ['<|begin|>'] } },
    };
    writeTinyTokenizer(at(), { bos_token: '<|im_end|>', add_bos_token: true }, template);
    const { bosId, encode } = await loadTokenizer(at());
    assert.equal(bosId, tiny.begin);
    assert.deepEqual(encode('a'), [97]);
  });

  it('does not take an EOS of the post-processor for a BOS', async () => {
    const template = {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '<|endoftext|>', type_id: 0 } }],
      pair: [],
      special_tokens: { '<|endoftext|>': { id: '<|endoftext|>', ids: [tiny.end], tokens: ['<|endoftext|>'] } },
    };
    writeTinyTokenizer(at(), {}, template);
    assert.equal((await loadTokenizer(at())).bosId, null);
  });

  it('takes the chat template of a file of its own before that of the configuration', async () => {
    const say = [{ role: 'user', content: 'hi' }] as const;
    writeTinyTokenizer(at(), { chat_template: 'config {{ messages[0].content }}' });
    assert.equal((await loadTokenizer(at())).renderChat([...say]), 'config hi');
    writeFileSync(at('chat_template.json'), '{"chat_template": "json {{ messages[0].content }}"}');
    assert.equal((await loadTokenizer(at())).renderChat([...say]), 'json hi');
    writeFileSync(at('chat_template.jinja'), 'jinja {{ messages[0].content }}{{ eos_token }}');
    assert.equal((await loadTokenizer(at())).renderChat([...say]), 'jinja hi<|endoftext|>');
  });

  it('says why a tokenizer of another form is tokenized by transformers.js', async () => {
    writeTinyTokenizer(at());
    const { slow, tables, idOf } = await loadTokenizer(at());
    assert.match(
      slow!,
      /tokenizer\.json is in no form that has tables here \(its pre_tokenizer is none of Qwen2, Qwen3, Llama 3, SmolLM and GPT-2\): transformers\.js/,
    );
    assert.equal(tables, null);
    assert.deepEqual([idOf('ll'), idOf('<|im_end|>'), idOf('constructor')], [257, tiny.imEnd, undefined]);
  });

  it('says which file is missing, is not JSON or does not fit', async () => {
    writeTinyTokenizer(at());
    rmSync(at('tokenizer_config.json'));
    await refused(at(), /tokenizer_config\.json: it does not exist/);
    writeFileSync(at('tokenizer_config.json'), '{"eos_token": ');
    await refused(at(), /tokenizer_config\.json is not JSON/);
    writeFileSync(at('tokenizer_config.json'), '{}');
    await refused(at(), /tokenizer_config\.json must name an eos_token/);
    writeFileSync(at('tokenizer_config.json'), '{"eos_token": "</s>"}');
    await refused(at(), /eos_token <\/s> is not in tokenizer\.json/);
    const json = JSON.parse(readFileSync(at('tokenizer.json'), 'utf8')) as {
      model: { vocab: Record<string, unknown> };
    };
    for (const id of [4e9, -1, 'x', null]) {
      json.model.vocab['he'] = id;
      writeFileSync(at('tokenizer.json'), JSON.stringify(json));
      await refused(at(), /the id of a token must be a whole number below 16777216; got .* for "he"/);
    }
    writeFileSync(at('tokenizer.json'), '[]');
    await refused(at(), /tokenizer\.json must hold a JSON object/);
    writeFileSync(at('tokenizer.json'), '{"model": {"type": "BPE"}}');
    await refused(at(), /cannot use .*tokenizer\.json/);
  });
});
