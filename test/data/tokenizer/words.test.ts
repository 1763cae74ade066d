import assert from 'node:assert/strict';
import { seededRandom } from '../../../data/random.js';
import { wordPatterns, type WordForm } from '../../../data/tokenizer/forms.js';
import { wordEnds } from '../../../data/tokenizer/words.js';
import { oddText } from './oddText.js';

/** White space of Python's tokenizers, which is not JavaScript's. */
const space = '\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
/** A pattern of tokenizer.json as JavaScript writes it. */
const patternOf = (form: keyof typeof wordPatterns) =>
  new RegExp(
    wordPatterns[form]
      .replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "(?:'[sS\\u017f]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])")
      .replace('[^\\s\\p{L}', `[^${space}\\p{L}`)
      .replace('(?!\\S)', `(?![^${space}])`)
      .replaceAll(/\\s(?=[*+])/g, `[${space}]`),
    'gu',
  );
/** Digits one by one, and what is between them as a text of its own. */
const aroundDigits = (text: string) => text.split(/(\p{N})/u).filter((piece) => piece !== '');

function words(text: string, form: WordForm = 'qwen2'): string[] {
  const found: string[] = [];
  for (let start = 0, end = 0; start < text.length; start = end)
    found.push(text.slice(start, (end = wordEnds[form](text, start))));
  return found;
}

describe('wordEnds', () => {
  it('cuts words as the alternatives of the pattern say', () => {
    const cases: [string, string[]][] = [
      ["it's 'LLama don'Tell", ['it', "'s", " '", 'LLama', ' don', "'T", 'ell']],
      ['Query:who is', ['Query', ':who', ' is']],
      ['a  b   ', ['a', ' ', ' b', '   ']],
      ['a \r\n \n  b', ['a', ' \r\n \n', ' ', ' b']],
      ['x12.5%!\n\ny', ['x', '1', '2', '.', '5', '%!\n\n', 'y']],
      ['\tif (a)', ['\tif', ' (', 'a', ')']],
      ['日本語、é', ['日本語', '、é']],
      ['𝒜𝟙 👍🏽x', ['𝒜', '𝟙', ' 👍🏽', 'x']],
      ['\u0085a\u0085\nb\ufeff c', ['\u0085a', '\u0085\n', 'b', '\ufeff', ' c']],
      ["'ſt", ["'ſ", 't']],
      ['\ud800a \udc00', ['\ud800a', ' \udc00']],
    ];
    for (const [text, expected] of cases) assert.deepEqual(words(text), expected, JSON.stringify(text));
  });

  it('cuts numbers by threes as Llama 3, by ones as SmolLM, not at all as GPT-2', () => {
    const text = "It'S 12345½, I'll  7";
    assert.deepEqual(words(text, 'llama3'), ['It', "'S", ' ', '123', '45½', ',', ' I', "'ll", ' ', ' ', '7']);
    assert.deepEqual(words(text, 'gpt2'), ['It', "'", 'S', ' 12345½', ',', ' I', "'ll", ' ', ' 7']);
    assert.deepEqual(words(text, 'gpt2-digits'), [
      ...['It', "'", 'S', ' ', '1', '2', '3', '4', '5', '½', ',', ' I', "'ll", '  ', '7'],
    ]);
  });

  it('finds what the patterns find, over random text', () => {
    const random = seededRandom(1);
    for (let round = 0; round < 3000; round++) {
      const text = oddText(random, 40);
      for (const form of ['qwen2', 'llama3', 'gpt2'] as const)
        assert.deepEqual(words(text, form), text.match(patternOf(form)) ?? [], `${form} ${JSON.stringify(text)}`);
      const pieces = aroundDigits(text).flatMap((piece) => piece.match(patternOf('gpt2')) ?? []);
      assert.deepEqual(words(text, 'gpt2-digits'), pieces, JSON.stringify(text));
    }
  });
});
