import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '../../../data/random.js';
import { wordPatterns } from '../../../data/tokenizer/forms.js';
import { loadTokenizer, type Tokenizer } from '../../../data/tokenizer/tokenizer.js';
import { readTokenizerFiles } from '../../../data/tokenizer/files.js';
import { libraryTokenizer } from '../../../data/tokenizer/library.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { nativeTokenizer } from './nativeTokenizer.js';
import { oddText } from './oddText.js';

/** A tokenizer in the form of Qwen2, with 4,096 tokens. */
const folder = fileURLToPath(new URL('../../../configs/bases/demo', import.meta.url));

const split = (Regex: string) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false });
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
const otherForms: [name: string, preTokenizer: object, takesWhole: boolean][] = [
  ['Llama 3', { type: 'Sequence', pretokenizers: [split(wordPatterns.llama3), byteLevel] }, true],
  [
    'SmolLM',
    {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Digits', individual_digits: true },
        { ...byteLevel, use_regex: true },
      ],
    },
    false,
  ],
  ['GPT-2', { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true }, false],
];

describe('byteLevelEncoder', () => {
  const place = useTemporaryFolder();
  let tokenizer: Tokenizer;
  before(async () => {
    tokenizer = await loadTokenizer(folder);
    assert.equal(tokenizer.slow, null);
  });

  it('gives the ids of transformers.js, over random text', async () => {
    const { json, config } = await readTokenizerFiles(folder);
    const library = libraryTokenizer(json, config);
    const random = seededRandom(3);
    for (let round = 0; round < 1500; round++) {
      const text = oddText(random, 30);
      assert.deepEqual(
        tokenizer.encode(text),
        library.encode(text, { add_special_tokens: false }),
        JSON.stringify(text),
      );
    }
  });

  it("gives the ids of Python's tokenizers also where transformers.js reads blanks and letters otherwise", async function () {
    const native = nativeTokenizer(folder);
    if (native === null) {
      console.log('    skipped: @anush008/tokenizers has no binary for this machine');
      return this.skip();
    }
    const random = seededRandom(4);
    const odd = ['\u0085', '\ufeff', "'ſ", '\u0085\n', ' \ufeff', '\u180e'];
    for (let round = 0; round < 600; round++) {
      const text = Array.from({ length: 8 }, (_, index) => oddText(random, 3) + odd[(round + index) % odd.length]).join(
        '',
      );
      assert.deepEqual(tokenizer.encode(text), await native(text), JSON.stringify(text));
    }
  });

  // Text was normalized to NFC also where the file asks for no normalization.
  for (const [name, preTokenizer, takesWhole] of otherForms)
    it(`gives the ids of Python's tokenizers in the form of ${name}, which does not normalize`, async function () {
      if (nativeTokenizer(folder) === null) return this.skip();
      const json = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8')) as {
        model: { vocab: Record<string, number>; merges: string[] };
      };
      // Without some merges of its words a vocabulary has tokens that merging does not come to.
      const merges = json.model.merges.filter(
        (merge, index) => !merge.includes('ð') && (!takesWhole || index < 1000 || index % 3 !== 0),
      );
      // SmolLM's vocabulary lacks bytes; here the first of every emoji.
      const vocab = Object.fromEntries(
        Object.entries(json.model.vocab).map(([token, id]) => [token.includes('ð') ? `unused ${id}` : token, id]),
      );
      const model = { ...json.model, vocab, merges, ignore_merges: takesWhole };
      const changed = { ...json, normalizer: null, pre_tokenizer: preTokenizer, model };
      writeFileSync(place('tokenizer.json'), JSON.stringify(changed));
      copyFileSync(join(folder, 'tokenizer_config.json'), place('tokenizer_config.json'));
      const [native, { encode, slow }] = [nativeTokenizer(place())!, await loadTokenizer(place())];
      assert.equal(slow, null);
      const random = seededRandom(6);
      for (let round = 0; round < 600; round++) {
        const text = `${oddText(random, 30)} unfathomable 1234  5 ½²`;
        assert.deepEqual(encode(text), await native(text), JSON.stringify(text));
      }
    });

  it('composes what NFC composes, and nothing else', () => {
    assert.deepEqual(tokenizer.encode('e\u0301'), tokenizer.encode('é'));
    assert.deepEqual(tokenizer.encode('\u212b'), tokenizer.encode('Å'));
    assert.notDeepEqual(tokenizer.encode('ﬁ'), tokenizer.encode('fi'));
  });

  it('stops at a limit with the first of the ids, also within a word and before an added token', () => {
    const text = 'the unfathomable <|im_end|>日本';
    const whole = tokenizer.encode(text);
    for (let limit = 0; limit <= whole.length + 1; limit++)
      assert.deepEqual(tokenizer.encode(text, limit), whole.slice(0, limit));
  });

  it('decodes to the text that was encoded, and what is cut within a character to U+FFFD', () => {
    const text = '\ufeffQuery:wer? <|im_end|> 日本 é\u0000';
    assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
    assert.equal(tokenizer.decode([]), '');
    const ids = tokenizer.encode('\u{1f9ff}'); // four bytes, no token of its own
    assert.equal(tokenizer.decode(ids.slice(0, -1)), '\ufffd');
  });

  it('knows the same words after it has met more than it keeps', () => {
    const first = tokenizer.encode('unfathomable');
    for (let word = 0; word < 210_000; word++) tokenizer.encode(`w${word.toString(36)}`);
    assert.deepEqual(tokenizer.encode('unfathomable'), first);
  });
});
