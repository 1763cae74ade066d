import assert from 'node:assert/strict';
import { bm25Searcher, buildBm25Index, type Bm25Index } from '../../../eval/bm25/index.js';

const passage = (id: string, text: string, title = '') => ({ id, title, text });
const closeTo = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}`);

const searchBm25 = (index: Bm25Index, query: string, depth: number) =>
  bm25Searcher(index, depth)(query).map(({ row, score }) => ({ id: index.ids[row]!, score }));

describe('bm25Searcher', () => {
  // Lengths 3, 1 and 2, so 2 in the mean; cat stands in 2 documents of 3, dog in 2, bird in 1.
  const corpus = [passage('a', 'cats cat dogs'), passage('b', 'cat'), passage('c', 'dog birds')];
  const index = buildBm25Index(corpus, { k1: 0.9, b: 0.4 });

  it('gives the score of the formula', () => {
    // idf of cat = ln(1 + 1.5 / 2.5) = ln 1.6. a: tf 2, norm 0.9 (0.6 + 0.4 * 3 / 2) = 1.08. b: tf 1, norm 0.9 (0.6 + 0.2) = 0.72.
    const ranking = searchBm25(index, 'the cat', 10);
    assert.deepEqual(
      ranking.map(({ id }) => id),
      ['a', 'b'],
    );
    closeTo(ranking[0]!.score, (Math.log(1.6) * 2) / 3.08);
    closeTo(ranking[1]!.score, Math.log(1.6) / 1.72);
  });

  it('adds a term as often as the query repeats it', () => {
    closeTo(searchBm25(index, 'bird bird', 10)[0]!.score, (2 * Math.log(1 + 2.5 / 1.5)) / 1.9);
  });

  it('knows nothing of words that no document has', () => {
    assert.deepEqual(searchBm25(index, 'fish', 10), []);
  });

  it('reads the title as well as the text', () => {
    const titled = buildBm25Index([passage('x', 'text', 'Penguins'), passage('y', 'text')]);
    assert.deepEqual(
      searchBm25(titled, 'penguin', 10).map(({ id }) => id),
      ['x'],
    );
  });

  it('keeps the best and breaks ties by document id, ascending, as Anserini does', () => {
    const same = buildBm25Index(['d1', 'd3', 'd2', 'd10'].map((id) => passage(id, 'same words')));
    assert.deepEqual(
      searchBm25(same, 'word', 3).map(({ id }) => id),
      ['d1', 'd10', 'd2'],
    );
  });

  it('does not let empty documents change the statistics', () => {
    const padded = buildBm25Index([passage('e', 'the'), ...corpus, passage('f', '')], { k1: 0.9, b: 0.4 });
    assert.deepEqual(searchBm25(padded, 'cat dog', 10), searchBm25(index, 'cat dog', 10));
  });
});
