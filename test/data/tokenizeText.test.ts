import assert from 'node:assert/strict';
import type { Contract } from '../../configs/contract.js';
import { strip, tokenizeText } from '../../data/tokenizeText.js';
import type { Tokenizer } from '../../data/tokenizer.js';

/** One id a character, so that ids can be read as text. */
const tokenizer: Tokenizer = {
  hash: '',
  bosId: 1,
  eosId: 2,
  vocabularySize: 65536,
  encode: (text) => [...text].map((character) => character.codePointAt(0)!),
};
const contract: Contract = {
  tokenizer: '',
  queryPrefix: 'Q:',
  passagePrefix: 'P:',
  titleRule: 'title-blank-text',
  bosId: null,
  eosId: null,
  queryMaxLength: 6,
  passageMaxLength: 12,
  pooling: 'last',
  normalize: true,
  precision: 'float32',
  temperature: 0.01,
};
const read = (ids: Int32Array) => String.fromCodePoint(...ids);
const passage = (text: string, title?: string) => read(tokenizeText(tokenizer, contract, 'passage', text, title));

describe('tokenizeText', () => {
  it('puts the prefix of the kind before the stripped text, with no blank added', () => {
    assert.equal(read(tokenizeText(tokenizer, contract, 'query', ' ab \n')), 'Q:ab');
    assert.equal(passage('text', ' ab '), 'P:ab text');
    assert.equal(passage(' text ', ''), 'P: text');
    assert.equal(passage('text'), 'P: text');
    assert.equal(passage(' ', 'ab'), 'P:ab');
    assert.equal(passage('', ''), 'P:');
  });

  it('cuts to the length of the kind', () => {
    assert.equal(read(tokenizeText(tokenizer, contract, 'query', 'abcdefgh')), 'Q:abcd');
    assert.equal(passage('abcdefghijklmnop'), 'P: abcdefghi');
  });

  it('counts BOS and EOS in the length, and keeps EOS after the cut', () => {
    const both = { ...contract, bosId: 1, eosId: 2 };
    assert.deepEqual([...tokenizeText(tokenizer, both, 'query', 'abcdefgh')], [1, 81, 58, 97, 98, 2]);
    assert.deepEqual([...tokenizeText(tokenizer, both, 'query', 'a')], [1, 81, 58, 97, 2]);
    assert.deepEqual(
      [...tokenizeText(tokenizer, { ...contract, eosId: 2 }, 'query', 'abcdefgh')],
      [81, 58, 97, 98, 99, 2],
    );
  });
});

describe('strip', () => {
  it('strips what str.strip of Python strips, nothing else', () => {
    // python -c "print([c for c in range(0x110000) if not chr(c).strip()])", Python 3.11
    const python = [
      9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 133, 160, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8199, 8200, 8201,
      8202, 8232, 8233, 8239, 8287, 12288,
    ];
    const ours = [];
    for (let code = 0; code < 0x10000; code++) if (strip(String.fromCharCode(code)) === '') ours.push(code);
    assert.deepEqual(ours, python);
  });

  it('strips both ends only', () => {
    assert.equal(strip('\u001c\u0085 a \u0085b\u001f '), 'a \u0085b');
    assert.equal(strip('\ufeffa\ufeff'), '\ufeffa\ufeff');
    assert.equal(strip(' \t '), '');
  });
});
