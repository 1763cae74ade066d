import assert from 'node:assert/strict';
import { memoryCorpus } from '../../../data/task/corpus.js';
import { countsOf, sharedIdsWarning, warningsOf } from '../../../eval/score/counts.js';

// A run of another task, a run without real scores and judgements without a relevant document gave scores without a word.
describe('warningsOf', () => {
  const corpus = memoryCorpus(['a', 'b', 'c', 'q2'].map((id) => ({ id, title: '', text: id })));
  const warnings = (grades: Record<string, Record<string, number>>, rankings: Record<string, [string, number][]>) => {
    const qrels = new Map(Object.entries(grades).map(([query, own]) => [query, new Map(Object.entries(own))]));
    const run = new Map(
      Object.entries(rankings).map(([query, own]) => [query, own.map(([id, score]) => ({ id, score }))]),
    );
    return warningsOf('own', countsOf({ corpus, queries: [], qrels }, run));
  };

  it('has nothing to say of a sound result, a few ties included', () => {
    const ranking: [string, number][] = [
      ['a', 4],
      ['b', 3],
      ['c', 2],
      ['q2', 2],
    ];
    assert.deepEqual(warnings({ q1: { a: 1, b: 0 } }, { q1: ranking }), []);
  });

  it('tells of documents that the corpus lacks, some or all', () => {
    assert.deepEqual(warnings({ q1: { a: 1 } }, { q1: [['a', 2], ['x', 1]] }), [
      'own: 1 of 2 documents ranked are not in the corpus; is the run of another task, or are its ids spelled otherwise?',
    ]); // prettier-ignore
    assert.match(warnings({ q1: { a: 1 } }, { q1: [['x', 2]] })[0]!, /^own: none of the 1 documents ranked is in the/);
  });

  it('tells that most scores are ties', () => {
    const [warning, ...more] = warnings({ q1: { a: 1 } }, { q1: [['a', 1], ['b', 1], ['c', 0.5]] }); // prettier-ignore
    assert.match(warning!, /^own: 2 of 3 documents ranked share their score with a neighbour; /);
    assert.deepEqual(more, []);
  });

  it('tells of queries without a relevant document, some or all', () => {
    const run: Record<string, [string, number][]> = { q1: [['a', 1]], q2: [['a', 1]] };
    assert.deepEqual(warnings({ q1: { a: 0 }, q2: { b: -1 } }, run), [
      'own: no judgement is above 0, so that every score is 0 and says nothing',
    ]);
    assert.deepEqual(warnings({ q1: { a: 0 }, q2: { b: 1 } }, run), [
      'own: 1 of 2 queries have no relevant document and count 0 for every model',
    ]);
  });

  // Blank texts are refused in training data; in a task and in texts to encode they were taken without a word.
  it('tells of queries and documents that are blank', () => {
    const texts = [
      { id: 'a', title: 'a title alone', text: '' },
      { id: 'b', title: '', text: ' \n' },
    ];
    const queries = ['q1', 'q2'].map((id) => ({ id, text: id === 'q1' ? '\u3000' : 'what' }));
    const qrels = new Map(queries.map(({ id }) => [id, new Map([['a', 1]])]));
    const run = new Map(queries.map(({ id }) => [id, [{ id: 'a', score: 1 }]]));
    const shown = queries.map((query) => ({ ...query, text: '', images: [] }));
    assert.equal(countsOf({ corpus: memoryCorpus(texts), queries: shown, qrels }, run).blankQueries, 0);
    assert.deepEqual(warningsOf('own', countsOf({ corpus: memoryCorpus(texts), queries, qrels }, run)), [
      'own: 1 of 2 queries are blank',
      'own: 1 of 2 documents are blank, title and text',
    ]);
  });

  it('tells where documents have the ids of queries, and what is done with them', () => {
    const counts = countsOf({ corpus, queries: [], qrels: new Map([['q2', new Map([['a', 1]])]]) }, new Map());
    const told = (isDropped: boolean) => sharedIdsWarning('own', counts, isDropped)[0]!;
    assert.match(told(true), /^own: 1 of 1 queries have the id of a document, which is left out of their results; /);
    assert.match(told(false), /, which is kept in their results; if it is the query itself, --ignore-identical-ids/);
    assert.deepEqual(sharedIdsWarning('own', { ...counts, queriesNamedAsDocuments: 0 }, true), []);
  });
});
