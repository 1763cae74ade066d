import assert from 'node:assert/strict';
import type { Contract, ImageContract } from '../../../configs/contract.js';
import { imageMark, strip, tokenizeText } from '../../../data/tokenizer/tokenizeText.js';
import type { TokenEncoder } from '../../../data/tokenizer/byteLevel.js';

/** One id a character, so that ids can be read as text. */
const tokenizer: TokenEncoder = {
  encode: (text, limit) => [...text].map((character) => character.codePointAt(0)!).slice(0, limit),
  decode: (ids) => String.fromCodePoint(...ids),
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

  it('joins title and text as they are where the contract says so, with a blank where there is a title, even an empty one', () => {
    const asIs: Contract = { ...contract, titleRule: 'as-is', passageMaxLength: 20 };
    const ids = (kind: 'query' | 'passage', text: string, title?: string) =>
      read(tokenizeText(tokenizer, asIs, kind, text, title));
    assert.equal(ids('query', ' a '), 'Q: a ');
    assert.equal(ids('passage', ' b ', ' a '), 'P: a   b ');
    assert.equal(ids('passage', 'b', ''), 'P: b');
    assert.equal(ids('passage', 'b'), 'P:b');
  });

  it('cuts prefix and text alone where something follows them, and keeps all that does', () => {
    const chat: Contract = {
      ...contract,
      querySuffix: '?',
      chatBefore: '<user>',
      chatAfter: '</user>',
      answerStart: 'Hm',
      eosId: 36,
    };
    assert.equal(read(tokenizeText(tokenizer, chat, 'query', 'abcdefgh')), '<user>Q:abcd?</user>Hm$');
    assert.equal(read(tokenizeText(tokenizer, chat, 'query', 'a')), '<user>Q:a?</user>Hm$');
    assert.equal(read(tokenizeText(tokenizer, chat, 'passage', 'b', 'a')), '<user>P:a b</user>Hm$');
    assert.equal(read(tokenizeText(tokenizer, { ...contract, bosId: 94, querySuffix: '!' }, 'query', 'a')), '^Q:a!');
  });
});

describe('tokenizeText with images', () => {
  const image = { order: 'text-first' } as ImageContract;
  /** `#` stands for an image's mark. */
  const shown = (more: Partial<Contract>, text: string, images: number) => {
    const ids = tokenizeText(tokenizer, { ...contract, image, ...more }, 'query', text, undefined, images);
    return read(ids.map((id) => (id === imageMark ? 35 : id)));
  };
  const imageFirst = { image: { ...image, order: 'image-first' as const } };

  it('marks each image behind the text, or before its prefix', () => {
    assert.equal(shown({ bosId: 94, eosId: 36 }, 'a', 2), '^Q:a##$');
    assert.equal(shown({ bosId: 94, eosId: 36, ...imageFirst }, 'a', 2), '^##Q:a$');
    assert.equal(shown({}, 'a', 0), 'Q:a');
    assert.equal(shown({}, '', 1), 'Q:#');
  });

  it('cuts the text, never an image', () => {
    assert.equal(shown({ eosId: 36 }, 'abcdefgh', 3), 'Q:abc###$');
    assert.equal(shown({ eosId: 36, ...imageFirst }, 'abcdefgh', 3), '###Q:abc$');
  });

  it('keeps what stands around a turn around text and images, and the suffix behind both', () => {
    const chat = { querySuffix: '?', chatBefore: '<', chatAfter: '>', eosId: 36 };
    assert.equal(shown(chat, 'abcdefgh', 1), '<Q:abcd#?>$');
    assert.equal(shown({ ...chat, ...imageFirst }, 'abcdefgh', 1), '<#Q:abcd?>$');
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
