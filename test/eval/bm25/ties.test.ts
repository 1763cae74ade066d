import assert from 'node:assert/strict';
import { memoryCorpus } from '../../../data/task/corpus.js';
import { bm25Searcher, buildBm25Index } from '../../../eval/bm25/index.js';
import { bm25Retriever } from '../../../eval/bm25/retriever.js';
import { inAnseriniOrder } from '../../../eval/bm25/ties.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

const { fround } = Math;
const of = (...hits: [id: string, score: number][]) => hits.map(([id, score]) => ({ id, score }));
const pairs = (hits: { id: string; score: number }[]) => hits.map(({ id, score }) => [id, score]);

// Ties were lowered by the least step that a float has, at any score: on ArguAna, which holds duplicates, nDCG@10 was .4005
// where Anserini prints .3970.
describe('inAnseriniOrder', () => {
  it('lowers further documents of an equal score by 1e-6 each, the lower id first', () => {
    const found = inAnseriniOrder(of(['c', 2.00004], ['a', 2.00004], ['z', 3], ['b', 2.00004], ['d', 1]));
    assert.deepEqual(pairs(found), [
      ['z', 3],
      ['a', 2],
      ['b', fround(1.999999)],
      ['c', fround(1.999998)],
      ['d', 1],
    ]);
  });

  it('leaves ties to trec_eval, the higher id first, where a step rounds away', () => {
    // From 32 to 64 floats lie 2^-18 = 3.8e-6 apart: 1e-6 less is the same float, 2e-6 less is the next one below.
    const found = inAnseriniOrder(of(['a', 40], ['b', 40], ['c', 40], ['d', 39]));
    assert.deepEqual(
      found.map(({ id }) => id),
      ['b', 'a', 'c', 'd'],
    );
    assert.equal(found[0]!.score, 40);
    assert.equal(found[2]!.score, fround(40 - 2 ** -18));
  });

  it('takes scores within 1e-4 of the one before for equal, after rounding', () => {
    // 1.00004 and 1.00001 are both 1.0000: the higher score stays first though its id is higher.
    assert.deepEqual(pairs(inAnseriniOrder(of(['a', 1.00001], ['b', 1.00004]))), [
      ['b', 1],
      ['a', fround(0.999999)],
    ]);
  });
});

describe('ties of BM25', () => {
  const place = useTemporaryFolder();
  // In memory the higher id was first, on the disk the lower, and at the depth the row that came first in the corpus.
  for (const repeats of [1, 40])
    it(`are alike in memory and on the disk, with scores ${repeats === 1 ? 'below' : 'above'} 16`, async () => {
      const texts = ['d9', 'd3', 'd5', 'd1', 'd7'].map((id) => ({ id, title: '', text: 'rare words' }));
      const others = Array.from({ length: 20 }, (_, row) => ({ id: `o${row}`, title: '', text: 'other things' }));
      const corpus = [...texts, ...others];
      const query = Array.from({ length: repeats }, () => 'rare').join(' ');
      const run = await bm25Retriever({ root: place('bm25') }).retrieve(
        { corpus: memoryCorpus(corpus), queries: [{ id: 'q', text: query }], qrels: new Map() },
        3,
      );
      const onDisk = run.get('q')!;
      assert.equal(onDisk[0]!.score > 16, repeats > 1);
      const inMemory = bm25Searcher(buildBm25Index(corpus), 3)(query).map(({ row }) => corpus[row]!.id);
      assert.deepEqual([...inMemory].sort(), ['d1', 'd3', 'd5']);
      assert.deepEqual(
        inMemory,
        onDisk.map(({ id }) => id),
      );
      if (repeats === 1) assert.deepEqual(inMemory, ['d1', 'd3', 'd5']);
      else assert.notDeepEqual(inMemory, ['d1', 'd3', 'd5']);
    });
});
