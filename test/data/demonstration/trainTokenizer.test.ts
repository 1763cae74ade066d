import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { PreTrainedTokenizer } from '@huggingface/transformers';
import { tokenizerConfig, trainTokenizer } from '../../../data/demonstration/trainTokenizer.js';

describe('trainTokenizer', () => {
  it('merges the most frequent pairs and puts the special tokens last', () => {
    // Words: "ab", " ab", " abc". Pairs: ab 3, Ġa 2, bc 1; once ab is one token: Ġ+ab 2, ab+c 1.
    const { model, added_tokens } = trainTokenizer(['ab ab abc'], 256 + 2 + 3);
    assert.deepEqual(model.merges, ['a b', 'Ġ ab']);
    assert.equal(model.vocab['!'], 0);
    assert.equal(model.vocab['a'], 64);
    assert.equal(model.vocab['ab'], 256);
    assert.equal(model.vocab['Ġab'], 257);
    assert.equal(Object.keys(model.vocab).length, 258);
    assert.deepEqual(
      added_tokens.map(({ id, content }) => [id, content]),
      [
        [258, '<|endoftext|>'],
        [259, '<|im_start|>'],
        [260, '<|im_end|>'],
      ],
    );
  });

  it('takes the pair with the smaller ids first where two are equally frequent', () => {
    assert.deepEqual(trainTokenizer(['xy', 'xy', 'ab', 'ab'], 262).model.merges, ['a b', 'x y']);
  });

  it('stops where no pair stands twice', () => {
    // aa stands twice in "aaab" and once in " aab"; after that every pair stands once.
    assert.deepEqual(trainTokenizer(['aaab aab'], 300).model.merges, ['a a']);
  });

  it('joins nothing across the borders of words', () => {
    assert.deepEqual(trainTokenizer(['11 11 11'], 300).model.merges, []); // every digit is a word
    assert.deepEqual(trainTokenizer(["'Sx", "'Sx"], 300).model.merges, ["' S"]); // a contraction ends the word
    assert.deepEqual(trainTokenizer(['=>\n', '=>\n'], 300).model.merges, ['= >', '=> Ċ']); // line ends stay with signs
  });

  it('composes letters before it counts their bytes', () => {
    // e + combining acute becomes é, the bytes C3 A9.
    assert.deepEqual(trainTokenizer(['e\u0301', 'e\u0301'], 300).model.merges, ['Ã ©']);
  });

  it('refuses fewer tokens than the bytes and special tokens need', () => {
    assert.throws(() => trainTokenizer(['a'], 258), /258 tokens are fewer than the 256 bytes/);
  });

  it('gives a tokenizer that transformers loads and that encodes by the merges learned', () => {
    const json = trainTokenizer(['ab ab abc'], 261);
    const tokenizer = new PreTrainedTokenizer(json, tokenizerConfig());
    assert.deepEqual(tokenizer.encode('abc ab<|endoftext|>', { add_special_tokens: false }), [256, 66, 257, 258]);
    assert.equal(tokenizer.eos_token, '<|endoftext|>');
    assert.equal(tokenizer.bos_token, null);
  });
});

describe("the demonstration's tokenizer", () => {
  const folder = new URL('../../../configs/bases/demo/', import.meta.url);
  const read = (name: string): Record<string, unknown> =>
    JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Record<string, unknown>;

  it('has 4,096 tokens and gives every text back', () => {
    const tokenizer = new PreTrainedTokenizer(read('tokenizer.json'), read('tokenizer_config.json'));
    const { vocab } = read('tokenizer.json')['model'] as { vocab: Record<string, number> };
    assert.equal(Object.keys(vocab).length + 3, 4096);
    assert.deepEqual(tokenizer.encode('<|im_end|>', { add_special_tokens: false }), [4095]);
    for (const text of [
      "Don't  tab\tnew\r\n\r\nline ",
      'naïve Σ 北京 😀',
      'const x = readFileSync(path, { encoding: null });',
    ]) {
      assert.equal(tokenizer.decode(tokenizer.encode(text, { add_special_tokens: false })), text);
    }
  });

  it('is configured as the code says', () => assert.deepEqual(read('tokenizer_config.json'), tokenizerConfig()));
});
