import assert from 'node:assert/strict';
import { memoryCorpus } from '../../../data/task/corpus.js';
import { taskHash, type RetrievalTask } from '../../../data/task/readTask.js';
import { sampleTask } from '../../../data/task/sampleTask.js';

/** 40 queries, each with two judged documents, one of them not relevant; a judged one that the corpus lacks; 1000 documents. */
function task(): RetrievalTask {
  const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);
  const grades = (query: number) =>
    new Map([[`d${query * 3}`, 1], [`d${query * 3 + 500}`, 0], ...(query === 0 ? ([['absent', 1]] as const) : [])]);
  return {
    corpus: memoryCorpus(
      numbers(1000).map((number) => ({ id: `d${number}`, title: '', text: `text ${number}` })),
      64,
    ),
    queries: numbers(40).map((number) => ({ id: `q${number}`, text: `query ${number}` })),
    qrels: new Map(numbers(40).map((query) => [`q${query}`, grades(query)])),
  };
}

const idsOf = ({ corpus }: RetrievalTask) => Array.from({ length: corpus.ids.size }, (_, row) => corpus.ids.get(row));

describe('sampleTask', () => {
  it('takes some queries with all that is judged for them, and other documents up to the number', async () => {
    const sample = await sampleTask(task(), { queries: 10, documents: 100 });
    assert.equal(sample.queries.length, 10);
    assert.deepEqual(
      [...sample.qrels.keys()],
      sample.queries.map(({ id }) => id),
    );
    assert.equal(sample.corpus.ids.size, 100);
    for (const grades of sample.qrels.values())
      for (const id of grades.keys()) assert.ok(id === 'absent' || sample.corpus.ids.rowOf(id) >= 0, id);
    for await (const { passages } of sample.corpus.read())
      for (const { id, text } of passages) assert.equal(text, `text ${id.slice(1)}`);
  });

  it('leaves queries and documents in their order', async () => {
    const sample = await sampleTask(task(), { queries: 10, documents: 100 });
    const numbers = (ids: string[]) => ids.map((id) => Number(id.slice(1)));
    for (const found of [numbers(idsOf(sample)), numbers(sample.queries.map(({ id }) => id))])
      assert.deepEqual(
        found,
        [...found].sort((one, two) => one - two),
      );
  });

  it('is the same sample whenever it is drawn, and another one of another size', async () => {
    const hashOf = async (queries: number, documents: number) =>
      taskHash(await sampleTask(task(), { queries, documents }));
    assert.equal(await hashOf(10, 100), await hashOf(10, 100));
    assert.notEqual(await hashOf(10, 100), await hashOf(11, 100));
    assert.notEqual(await hashOf(10, 100), await hashOf(10, 101));
    assert.notEqual(await hashOf(10, 100), taskHash(task()));
  });

  // A judged document that is left out would make its query easier, or impossible.
  it('holds more than the number of documents where more are judged', async () => {
    const sample = await sampleTask(task(), { queries: 10, documents: 1 });
    const judged = new Set([...sample.qrels.values()].flatMap((grades) => [...grades.keys()]));
    judged.delete('absent');
    assert.deepEqual(new Set(idsOf(sample)), judged);
  });

  it('draws every document alike: of 900 others about a tenth from each tenth of the corpus', async () => {
    const whole = task();
    const one = { ...whole, queries: whole.queries.slice(0, 1), qrels: new Map([['q0', new Map([['d0', 1]])]]) };
    const rows = idsOf(await sampleTask(one, { documents: 501 })).map((id) => Number(id.slice(1)));
    for (let tenth = 0; tenth < 10; tenth++) {
      const drawn = rows.filter((row) => Math.floor(row / 100) === tenth).length;
      assert.ok(drawn > 30 && drawn < 70, `${drawn} of 100 in tenth ${tenth}`); // 50 with a deviation of 3.5 expected
    }
  });

  it('is the task itself where the sample would be all of it', async () => {
    const whole = task();
    for (const size of [{}, { queries: 40, documents: 1000 }, { queries: 1e6 }, { documents: 1e9 }])
      assert.equal(await sampleTask(whole, size), whole, JSON.stringify(size));
    // Of the same documents all are judged.
    const judged = { ...whole, qrels: new Map([['q0', new Map(idsOf(whole).map((id) => [id, 1]))]]) };
    const all = { ...judged, queries: whole.queries.slice(0, 1) };
    assert.equal(await sampleTask(all, { documents: 5 }), all);
  });
});
