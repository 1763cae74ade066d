import assert from 'node:assert/strict';
import type { Contract } from '../../../configs/contract.js';
import { describeTokens, formatTokens } from '../../../data/inspect/describeTokens.js';
import type { Tokenizer } from '../../../data/tokenizer/tokenizer.js';

/** Two characters a token, ids the code of the first. */
const tokenizer = {
  encode: (text: string, limit?: number) =>
    (text.match(/../gsu) ?? []).map((pair) => known.push(pair) - 1).slice(0, limit),
  decode: (ids: readonly number[]) => ids.map((id) => known[id] ?? '').join(''),
} as unknown as Tokenizer;
const known: string[] = [];
const contract: Contract = {
  tokenizer: '',
  queryPrefix: 'Qu',
  passagePrefix: 'P',
  titleRule: 'as-is',
  bosId: 1000,
  eosId: 1001,
  queryMaxLength: 6,
  passageMaxLength: 8,
  pooling: 'last',
  normalize: true,
  precision: 'float32',
  temperature: 0.01,
};
const origins = (changes: Partial<Contract>, kind: 'query' | 'passage', text: string) => {
  const { tokens, cut } = describeTokens(tokenizer, { ...contract, ...changes }, kind, text);
  return { from: tokens.map(({ piece, from }) => `${piece}|${from}`), cut };
};

describe('describeTokens', () => {
  it('names what each token comes from, and what was cut', () => {
    assert.deepEqual(origins({}, 'query', 'abcdefghijkl'), {
      from: ['|BOS', 'Qu|prefix', 'ab|text', 'cd|text', 'ef|text', '|EOS'],
      cut: 3,
    });
    assert.deepEqual(origins({ bosId: null }, 'passage', 'abc'), {
      from: ['Pa|prefix+text', 'bc|text', '|EOS'],
      cut: 0,
    });
  });

  it('names the parts of a chat, where prefix and text alone are cut', () => {
    const chat = {
      bosId: null,
      eosId: null,
      chatBefore: '<u>>',
      querySuffix: '??',
      chatAfter: '</>',
      answerStart: 'A',
      queryMaxLength: 2,
    };
    assert.deepEqual(origins(chat, 'query', 'abcd'), {
      from: ['<u|chat', '>>|chat', 'Qu|prefix', 'ab|text', '??|suffix', '</|chat', '>A|chat+answer'],
      cut: 1,
    });
  });

  it('is shown as a table', () => {
    known.length = 0;
    assert.deepEqual(
      formatTokens(describeTokens(tokenizer, { ...contract, queryMaxLength: 4 }, 'query', 'a\nbc')).split('\n'),
      [
        '#    id  from    token',
        '0  1000  BOS     ""',
        '1     0  prefix  "Qu"',
        '2     1  text    "a\\n"',
        '3  1001  EOS     ""',
        'query: 4 tokens; 1 more were cut off, the limit is 4',
      ],
    );
  });
});
