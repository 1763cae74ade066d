import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contract } from '../../configs/contract.js';
import { loadConfig } from '../../configs/load/loadConfig.js';
import { makeContract } from '../../data/tokenizer/makeContract.js';
import { seededRandom } from '../../data/random.js';
import { loadTokenizer } from '../../data/tokenizer/tokenizer.js';
import { startTokenizerThreads } from '../../data/tokenizer/threads.js';
import { tokenizeText } from '../../data/tokenizer/tokenizeText.js';
import { nativeTokenizer } from '../data/tokenizer/nativeTokenizer.js';
import { oddText } from '../data/tokenizer/oddText.js';

const oracles = process.env['ORACLES'] ?? '../shared/data';
const replicas = join(oracles, 'oracles/replicas');
const tokenizers = join(oracles, 'tokenizers');

interface Text {
  title?: string;
  text: string;
  token_ids: number[];
}
interface Expected {
  contract: {
    query_prefix: string;
    passage_prefix: string;
    query_max_length: number;
    passage_max_length: number;
    append_eos: boolean;
  };
  queries: Text[];
  passages: Text[];
}

describe('token ids of the replicas against transformers 5.18', function () {
  before(function () {
    if (existsSync(replicas)) return;
    console.log(`skipped: no replicas at ${replicas}`);
    this.skip();
  });

  for (const base of existsSync(replicas) ? readdirSync(replicas) : [])
    it(`${base}: every query and passage`, async () => {
      const folder = join(replicas, base);
      const tokenizer = await loadTokenizer(folder);
      const expected = JSON.parse(readFileSync(join(folder, 'expected/embeddings.json'), 'utf8')) as Expected;
      const contract: Contract = {
        tokenizer: tokenizer.hash,
        queryPrefix: expected.contract.query_prefix,
        passagePrefix: expected.contract.passage_prefix,
        titleRule: 'title-blank-text',
        bosId: tokenizer.bosId,
        eosId: expected.contract.append_eos ? tokenizer.eosId : null,
        queryMaxLength: expected.contract.query_max_length,
        passageMaxLength: expected.contract.passage_max_length,
        pooling: 'last',
        normalize: true,
        precision: 'float32',
        temperature: 0.01,
      };
      const threads = await startTokenizerThreads(folder, contract, 1);
      try {
        for (const [kind, texts] of [
          ['query', expected.queries],
          ['passage', expected.passages],
        ] as const) {
          const ids = await threads.tokenize(kind, texts);
          assert.deepEqual(
            ids.map((one) => [...one]),
            texts.map(({ token_ids }) => token_ids),
          );
        }
      } finally {
        await threads.close();
      }
    });
});

/** Lines of a JSONL file's `text`. */
const texts = (file: string, most: number) =>
  readFileSync(join(oracles, file), 'utf8')
    .split('\n', most)
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { text: string }).text);

describe('full tokenizers', function () {
  before(function () {
    if (existsSync(tokenizers)) return;
    console.log(`skipped: no tokenizers at ${tokenizers}`);
    this.skip();
  });

  for (const name of ['qwen2.5', 'deepseek-r1-distill-qwen'])
    it(`${name}: the ids of Python's tokenizers on real queries, passages, code and odd text`, async function () {
      const native = nativeTokenizer(join(tokenizers, name));
      if (native === null) {
        console.log('    skipped: @anush008/tokenizers has no binary for this machine');
        return this.skip();
      }
      const { encode, slow } = await loadTokenizer(join(tokenizers, name));
      assert.equal(slow, null);
      const random = seededRandom(5);
      const passages = texts('msmarco/dl1920_subset_beir/corpus.jsonl', 4000);
      const queries = readFileSync(join(oracles, 'msmarco/topics.msmarco-passage.dev-subset.txt'), 'utf8').split(
        '\n',
        1000,
      );
      const given = [
        ...passages,
        ...queries,
        ...texts('coir/cosqa_beir/corpus.jsonl', 1000),
        ...texts('beir/nfcorpus/corpus.jsonl', 300),
        ...Array.from({ length: 1500 }, () => oddText(random, 40)),
        passages.join(' ').slice(0, 100_000),
        'x'.repeat(100_000),
        '漢字'.repeat(50_000),
        ' '.repeat(100_000),
        '1234567890'.repeat(1000),
        '',
        '\0',
        'a\u0085b \u0085\n\ufeffc \ufeff',
      ];
      for (const text of given) assert.deepEqual(encode(text), await native(text), JSON.stringify(text.slice(0, 300)));
    });

  it('Qwen2.5 and R1: a retrieval prompt in the chat template, as transformers 5.18 renders it', async () => {
    const { config } = loadConfig('promptreps');
    const expected = {
      'qwen2.5': `<|im_start|>system
You are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>
<|im_start|>user
Query: "who?". Use one word to represent the query in a retrieval task. Make sure your word is in lowercase.<|im_end|>
<|im_start|>assistant
The word is: "`,
      'deepseek-r1-distill-qwen':
        '<｜begin▁of▁sentence｜><｜User｜>Query: "who?". Use one word to represent the query in a retrieval task. ' +
        'Make sure your word is in lowercase.<｜Assistant｜>The word is: "',
    };
    for (const [name, text] of Object.entries(expected)) {
      const tokenizer = await loadTokenizer(join(tokenizers, name));
      const ids = tokenizeText(tokenizer, makeContract(config, tokenizer, 'float32'), 'query', 'who?');
      assert.equal(tokenizer.decode([...ids]), text);
      assert.deepEqual([...ids], tokenizer.encode(text));
      assert.deepEqual([...ids].filter((id) => id === 151646).length, name === 'qwen2.5' ? 0 : 1);
    }
  });

  it('Qwen2.5: the ids that llama.cpp expects, over multilingual text, blanks and emoji', async () => {
    const { encode, bosId, eosId, vocabularySize } = await loadTokenizer(join(tokenizers, 'qwen2.5'));
    assert.deepEqual([bosId, eosId, vocabularySize], [null, 151645, 151665]);
    const vectors = join(tokenizers, 'llama.cpp-vectors/ggml-vocab-qwen2.gguf');
    const texts = readFileSync(`${vectors}.inp`, 'utf8').split('\n__ggml_vocab_test__\n');
    const lines = readFileSync(`${vectors}.out`, 'utf8').split('\n');
    let checked = 0;
    for (const [index, text] of texts.entries()) {
      if (lines[index] === undefined) continue;
      assert.deepEqual(encode(text).join(' '), lines[index].trim(), JSON.stringify(text));
      checked++;
    }
    assert.equal(checked, 47);
  });

  it('R1-Distill: the BOS that only its configuration announces', async () => {
    const { encode, bosId, eosId } = await loadTokenizer(join(tokenizers, 'deepseek-r1-distill-qwen'));
    assert.deepEqual([bosId, eosId], [151646, 151643]);
    assert.deepEqual(encode('hello world'), [14990, 1879]);
  });
});
