import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { contractHash } from '../../../checkpoints/contract/contractFile.js';
import { readPerQuery } from '../../../eval/measure/perQuery.js';
import { copyEvaluation, evaluateRetriever } from '../../../eval/score/scoreModel.js';
import { taskFolderName } from '../../../eval/tasks/folderName.js';
import { contract } from '../../checkpoints/examples.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { exampleTask, fixedRetriever, writeExampleTask } from '../exampleTask.js';

describe('evaluateRetriever', () => {
  const place = useTemporaryFolder();
  const retriever = fixedRetriever('fixed', { q1: ['c', 'a', 'b'], q2: ['q2', 'a', 'c'] });
  let now = 5000;
  const clock = () => (now += 1500);
  const evaluate = async (options: { ignoreIdenticalIds?: boolean } = {}) => {
    const task = { ...(await writeExampleTask(place('task'))), ...options };
    return evaluateRetriever(retriever, task, { folder: place('out'), contract, clock, again: true });
  };

  it('scores each query and writes what it returns', async () => {
    const { summary, perQuery } = await evaluate();
    // q1: a at rank 2 of c, a. q2: without q2 itself, c at rank 2 of a, c.
    assert.deepEqual(summary.metrics, { 'mrr@2': 0.5, 'recall@2': 0.75 });
    assert.deepEqual(perQuery.get('q1'), { 'mrr@2': 0.5, 'recall@2': 0.5 });
    assert.deepEqual(JSON.parse(await readFile(place('out/metrics.json'), 'utf8')), summary);
    assert.deepEqual(await readPerQuery(place('out/per-query.arrow')), perQuery);
    assert.equal(
      await readFile(place('out/run.trec'), 'utf8'),
      'q1 Q0 c 1 10 fixed\nq1 Q0 a 2 9 fixed\nq2 Q0 a 1 9 fixed\nq2 Q0 c 2 8 fixed\n',
    );
    assert.deepEqual((await readdir(place('out'))).sort(), ['metrics.json', 'per-query.arrow', 'run.trec']);
  });

  it('says what was measured, on what, under which contract and how long it took', async () => {
    const { summary } = await evaluate();
    assert.deepEqual(summary.counts, {
      queries: 2,
      documents: 4,
      blankQueries: 0,
      blankDocuments: 0,
      judgements: 3,
      queriesWithoutResults: 0,
      judgementsOfAbsentDocuments: 0,
      queriesWithoutRelevant: 0,
      queriesNamedAsDocuments: 1,
      ranked: 4,
      rankedUnknown: 0,
      rankedTied: 0,
    });
    assert.deepEqual(
      [summary.task, summary.split, summary.model, summary.depth, summary.seconds],
      ['example', 'test', 'fixed', 2, 1.5],
    );
    assert.equal(summary.contract, contractHash(contract));
    assert.match(summary.definitions['mrr@2']!, /0 beyond rank 2$/);
  });

  it("keeps the query's own document where the task says so", async () => {
    const { summary } = await evaluate({ ignoreIdenticalIds: false });
    assert.deepEqual(summary.metrics, { 'mrr@2': 0.25, 'recall@2': 0.25 });
  });

  it('gives the same task hash only to the same judgements', async () => {
    const first = (await evaluate()).summary.taskHash;
    assert.equal((await evaluate()).summary.taskHash, first);
    const qrels = new Map(exampleTask.qrels).set('q2', new Map([['a', 1]]));
    const task = await writeExampleTask(place('other'), { ...exampleTask, qrels });
    const other = await evaluateRetriever(retriever, task, { folder: place('out') });
    assert.notEqual(other.summary.taskHash, first);
  });

  it('refuses an id that a run file cannot hold before anything is retrieved', async () => {
    const corpus = [...exampleTask.corpus, { id: 'a b', title: '', text: '' }];
    const task = await writeExampleTask(place('task'), { ...exampleTask, corpus });
    const never = { name: 'never', identity: 'never', retrieve: () => assert.fail('retrieved') };
    await assert.rejects(evaluateRetriever(never, task, { folder: place('out') }), { name: 'UserError' });
  });

  describe('on a task that was scored before', () => {
    const never = { ...retriever, retrieve: () => assert.fail('retrieved again') };
    const reuse = async (changes: object = {}, again = false, task?: object) =>
      evaluateRetriever(
        { ...never, ...changes },
        { ...(await writeExampleTask(place('task'))), ...task },
        { folder: place('out'), contract, again },
      );

    it('takes the results that are there, whatever the model is called now', async () => {
      const first = await evaluate();
      const reused = await reuse({ name: 'renamed' });
      assert.deepEqual([first.isReused, reused.isReused], [false, true]);
      assert.deepEqual(reused.summary, first.summary);
      assert.deepEqual(reused.perQuery, first.perQuery);
    });

    it('scores again what would come out differently, is asked for again, or is damaged', async () => {
      await evaluate();
      await assert.rejects(reuse({ identity: 'another' }), /retrieved again/);
      await assert.rejects(reuse({}, true), /retrieved again/);
      await assert.rejects(reuse({}, false, { metrics: ['mrr@3'] }), /retrieved again/);
      await assert.rejects(reuse({}, false, { ignoreIdenticalIds: false }), /retrieved again/);
      await writeFile(place('out/per-query.arrow'), 'half');
      await assert.rejects(reuse(), /retrieved again/);
    });

    it('scores again when a text of the corpus changed', async () => {
      await evaluate();
      const corpus = exampleTask.corpus.map((passage) => ({ ...passage, text: `${passage.text}.` }));
      const task = await writeExampleTask(place('task'), { ...exampleTask, corpus });
      await assert.rejects(evaluateRetriever(never, task, { folder: place('out'), contract }), /retrieved again/);
    });

    it('says when it replaces results on other data under the same name', async () => {
      const { summary } = await evaluate();
      const corpus = exampleTask.corpus.map((passage) => ({ ...passage, text: `${passage.text}.` }));
      const task = await writeExampleTask(place('task'), { ...exampleTask, corpus });
      const other = { ...retriever, identity: 'another' };
      const again = () => evaluateRetriever(other, task, { folder: place('out'), contract, again: true });
      assert.equal((await again()).replaced, summary.finished);
      assert.equal((await again()).replaced, undefined);
    });

    it('can be copied, and the copy takes the place of an older one', async () => {
      const { summary } = await evaluate();
      for (let time = 0; time < 2; time++) await copyEvaluation(place('out'), place('runs/baselines/example'));
      assert.deepEqual(JSON.parse(await readFile(place('runs/baselines/example/metrics.json'), 'utf8')), summary);
      assert.deepEqual(await readdir(place('runs/baselines')), ['example']);
    });
  });

  it('leaves older results as they were when a score is not a number', async () => {
    await evaluate();
    const older = await readFile(place('out/metrics.json'), 'utf8');
    const broken = {
      name: 'broken',
      identity: 'broken',
      retrieve: async () =>
        new Map([
          ['q1', [{ id: 'a', score: 1 }]],
          ['q2', [{ id: 'a', score: NaN }]],
        ]),
    };
    const task = await writeExampleTask(place('task'));
    await assert.rejects(evaluateRetriever(broken, task, { folder: place('out') }), {
      name: 'UserError',
      message: 'the score of document a for query q2 is not a number; no order can be made of it',
    });
    assert.equal(await readFile(place('out/metrics.json'), 'utf8'), older);
    assert.equal((await readdir(place('out'))).length, 3);
  });
});

describe('taskFolderName', () => {
  it('sets a split off by a dash', () => assert.equal(taskFolderName({ name: 'dl/dl19' }), 'dl-dl19'));
});
