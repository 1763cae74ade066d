import assert from 'node:assert/strict';
import { seededRandom } from '../../../data/random.js';
import { WORD_PATTERN } from '../../../data/tokenizer/tables.js';
import { wordEnd } from '../../../data/tokenizer/words.js';
import { oddText } from '../oddText.js';

/** White space of Python's tokenizers, which is not JavaScript's. */
const space = '\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
/** The pattern of tokenizer.json as JavaScript writes it. */
const pattern = new RegExp(
  WORD_PATTERN.replace('(?i:', '(?:')
    .replace("'s|'t|'re|'ve|'m|'ll|'d", "'[sS\\u017f]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]")
    .replace('[^\\s\\p{L}', `[^${space}\\p{L}`)
    .replace('(?!\\S)', `(?![^${space}])`)
    .replaceAll(/\\s(?=[*+])/g, `[${space}]`),
  'gu',
);

function words(text: string): string[] {
  const found: string[] = [];
  for (let start = 0, end = 0; start < text.length; start = end)
    found.push(text.slice(start, (end = wordEnd(text, start))));
  return found;
}

describe('wordEnd', () => {
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

  it('finds what the pattern finds, over random text', () => {
    const random = seededRandom(1);
    for (let round = 0; round < 3000; round++) {
      const text = oddText(random, 40);
      assert.deepEqual(words(text), text.match(pattern) ?? [], JSON.stringify(text));
    }
  });
});
