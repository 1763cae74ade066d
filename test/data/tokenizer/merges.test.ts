import assert from 'node:assert/strict';
import { seededRandom } from '../../../data/random.js';
import { wordPatterns } from '../../../data/tokenizer/forms.js';
import { mergeWord } from '../../../data/tokenizer/merges.js';
import { tokenizerTables, type TokenizerTables } from '../../../data/tokenizer/tables.js';
import { byteSymbols } from '../../fixtures/writeTinyTokenizer.js';

/** Tables with the bytes' values as their ids and one more id for each merge, in order. */
function tablesOf(...merges: string[]): TokenizerTables {
  const tokens = [...byteSymbols(), ...merges.map((merge) => merge.replace(' ', ''))];
  const tables = tokenizerTables(
    {
      normalizer: { type: 'NFC' },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: wordPatterns.qwen2 }, behavior: 'Isolated', invert: false },
          { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
        ],
      },
      added_tokens: [],
      model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges },
    },
    {},
  );
  if (typeof tables === 'string') throw new Error(tables);
  return tables;
}

function merge(tables: TokenizerTables, text: string): number[] {
  const word = Int32Array.from(Buffer.from(text));
  return [...word.subarray(0, mergeWord(tables, word))];
}

describe('mergeWord', () => {
  const [a, b, c] = [97, 98, 99];

  it('merges the pair of lowest rank first, the leftmost of equals', () => {
    const tables = tablesOf('b c', 'a b', 'a a', 'aa aa'); // 256 = bc, 257 = ab, 258 = aa, 259 = aaaa
    assert.deepEqual(merge(tables, 'abc'), [a, 256]);
    assert.deepEqual(merge(tables, 'abab'), [257, 257]);
    assert.deepEqual(merge(tables, 'aaa'), [258, a]);
    assert.deepEqual(merge(tables, 'aaaaaab'), [259, a, 257]);
    assert.deepEqual(merge(tables, 'cb'), [c, b]);
    assert.deepEqual(merge(tables, ''), []);
  });

  it('gives a long word what it gives a short one: both equal looking at every pair after every merge', () => {
    const merges = ['a b', 'b a', 'ab ab', 'a a', 'ba b', 'c a', 'ab c', 'aa b', 'abab ab', 'b b', 'bb a'];
    const tables = tablesOf(...merges);
    const rank = new Map(merges.map((pair, index) => [pair, index]));
    const random = seededRandom(2);
    for (let round = 0; round < 400; round++) {
      const length = 1 + Math.floor(random() * 120);
      const text = Array.from({ length }, () => 'aabbc'[Math.floor(random() * 5)]!).join('');
      assert.deepEqual(merge(tables, text), naive([...text], rank), text);
    }
  });

  function naive(parts: string[], rank: Map<string, number>): number[] {
    for (;;) {
      let best = -1;
      const at = (index: number) => rank.get(`${parts[index]} ${parts[index + 1]}`) ?? Infinity;
      for (let index = 0; index + 1 < parts.length; index++)
        if (at(index) < (best === -1 ? Infinity : at(best))) best = index;
      if (best === -1) break;
      parts.splice(best, 2, parts[best]! + parts[best + 1]!);
    }
    const names = [...rank.keys()].map((pair) => pair.replace(' ', ''));
    return parts.map((part) => (part.length === 1 ? part.charCodeAt(0) : 256 + names.indexOf(part)));
  }

  it('takes a word of 100,000 bytes', () => {
    const tables = tablesOf('a a', 'aa aa', 'aaaa aaaa');
    assert.deepEqual(merge(tables, 'a'.repeat(100_000)), new Array<number>(12_500).fill(258));
  });
});
