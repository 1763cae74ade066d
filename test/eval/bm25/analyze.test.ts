import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createAnalyzer } from '../../../eval/bm25/analyze.js';

const linesOf = (name: string) =>
  readFileSync(new URL(`../../fixtures/lucene/${name}`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');

describe('createAnalyzer', () => {
  const terms = linesOf('terms.txt');
  linesOf('text.txt').forEach((text, line) => {
    it(`finds the terms that Lucene finds in "${text.slice(0, 50)}"`, () => {
      assert.equal(createAnalyzer()(text).join(' '), terms[line]);
    });
  });

  it('gives the same terms whether a word was met before or not', () => {
    const analyze = createAnalyzer();
    assert.deepEqual(analyze('Running runs'), ['run', 'run']);
    assert.deepEqual(analyze('runs Running'), ['run', 'run']);
  });

  it('cuts the same ASCII words alone and in a text with other characters', () => {
    const text = 'foo_bar a.b 3,000.5 1:2 x-y __ _x_';
    assert.deepEqual(createAnalyzer()(`${text} é`), [...createAnalyzer()(text), 'é']);
  });

  it('finds nothing in stop words, marks and blanks', () => {
    assert.deepEqual(createAnalyzer()(' The, and; -- !? it '), []);
  });
});
