import assert from 'node:assert/strict';
import { loadConfig, parseConfig } from '../../../configs/load/loadConfig.js';
import { makeContract, withArithmetic, withSettingsOf } from '../../../data/tokenizer/makeContract.js';
import { loadTokenizer } from '../../../data/tokenizer/tokenizer.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { tiny, writeTinyTokenizer } from '../../fixtures/writeTinyTokenizer.js';

/** In the manner of the Qwen templates: a system prompt of its own where none is given, every turn closed. */
const chat_template = `{%- if messages[0]['role'] != 'system' %}{{- '<|begin|>system\\nBe kind.<|im_end|>\\n' }}{%- endif %}
{%- for message in messages %}{{- '<|begin|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}{%- endfor %}
{%- if add_generation_prompt %}{{- '<|begin|>assistant\\n' }}{%- endif %}`;

describe('makeContract', () => {
  const at = useTemporaryFolder();
  const load = async (config: object = {}) => {
    writeTinyTokenizer(at(), config);
    return loadTokenizer(at());
  };
  const refused = (make: () => unknown, message: RegExp) => assert.throws(make, { name: 'UserError', message });

  it('states what the settings say and the tokenizer adds', async () => {
    const tokenizer = await load({ add_bos_token: true, bos_token: '<|begin|>' });
    assert.deepEqual(makeContract(parseConfig({}), tokenizer, 'float32'), {
      tokenizer: tokenizer.hash,
      queryPrefix: 'Query:',
      passagePrefix: 'Passage:',
      titleRule: 'title-blank-text',
      bosId: tiny.begin,
      eosId: tiny.end,
      queryMaxLength: 32,
      passageMaxLength: 156,
      pooling: 'last',
      normalize: true,
      precision: 'float32',
      temperature: 0.01,
    });
  });

  it('names the arithmetic of float32 products where it is not float32 itself', async () => {
    const tokenizer = await load();
    const exact = makeContract(parseConfig({}), tokenizer, 'float32', 'float32');
    assert.equal('float32Products' in exact, false);
    const rounded = makeContract(parseConfig({}), tokenizer, 'bfloat16', 'tf32');
    assert.deepEqual(rounded, { ...exact, precision: 'bfloat16', float32Products: 'tf32' });
    assert.deepEqual(withArithmetic(exact, 'bfloat16', 'tf32'), rounded);
    assert.deepEqual(withArithmetic(rounded, 'float32', 'float32'), exact);
  });

  it('records the chat template as it is rendered, and adds no second BOS', async () => {
    const tokenizer = await load({ add_bos_token: true, bos_token: '<|begin|>', chat_template });
    const { config } = loadConfig('promptreps');
    const contract = makeContract(config, tokenizer, 'float32');
    const { chatBefore, chatAfter, answerStart, bosId, eosId, querySuffix } = contract;
    assert.deepEqual(
      { chatBefore, chatAfter, answerStart, bosId, eosId },
      {
        chatBefore: '<|begin|>system\nBe kind.<|im_end|>\n<|begin|>user\n',
        chatAfter: '<|im_end|>\n<|begin|>assistant\n',
        answerStart: 'The word is: "',
        bosId: null,
        eosId: null,
      },
    );
    assert.equal(
      querySuffix,
      '". Use one word to represent the query in a retrieval task. Make sure your word is in lowercase.',
    );
  });

  it('closes the turn and appends the named token where no answer begins', async () => {
    const contract = makeContract(
      loadConfig('study-vl').config,
      await load({ chat_template, eos_token: '<|im_end|>' }),
      'float32',
    );
    assert.deepEqual([contract.chatAfter, contract.answerStart], ['<|im_end|>\n', undefined]);
    assert.deepEqual([contract.eosToken, contract.eosId], ['<|endoftext|>', tiny.end]);
  });

  it('can be made again from a contract', async () => {
    const tokenizer = await load({ chat_template });
    for (const recipe of ['study', 'study-vl', 'promptreps']) {
      const { config } = loadConfig(recipe);
      const contract = makeContract(config, tokenizer, 'float32');
      assert.deepEqual(makeContract(withSettingsOf(contract, parseConfig({})), tokenizer, 'float32'), contract, recipe);
    }
  });

  it('refuses a template that is missing, fails or changes the text, and a token that is not there', async () => {
    const wrapped = parseConfig({ contract: { chatTemplate: true } });
    const none = await load();
    refused(() => makeContract(wrapped, none, 'float32'), /has no chat template; take a recipe without/);
    const failing = await load({ chat_template: "{{ raise_exception('no system prompt') }}" });
    refused(() => makeContract(wrapped, failing, 'float32'), /the chat template in .* refuses: .*no system prompt/);
    for (const changing of [
      '{{ messages[0].content | trim }}',
      '{{ messages[0].content + messages[0].content }}',
      'x',
    ]) {
      const tokenizer = await load({ chat_template: changing });
      refused(() => makeContract(wrapped, tokenizer, 'float32'), /changes the text it is given/);
    }
    const named = parseConfig({ contract: { eosToken: '<|end|>' } });
    refused(
      () => makeContract(named, none, 'float32'),
      /eosToken must be a token of the base's tokenizer; got <\|end\|>/,
    );
  });
});
