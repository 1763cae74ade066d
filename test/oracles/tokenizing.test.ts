import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contract } from '../../configs/contract.js';
import { loadTokenizer } from '../../data/tokenizer.js';
import { startTokenizerThreads } from '../../data/tokenizerThreads.js';

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

describe('full tokenizers', function () {
  before(function () {
    if (existsSync(tokenizers)) return;
    console.log(`skipped: no tokenizers at ${tokenizers}`);
    this.skip();
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
