import assert from 'node:assert/strict';
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeContract } from '../../../../checkpoints/contract/contractFile.js';
import { writeRunConfig, type RunRecord } from '../../../../checkpoints/run/config.js';
import { createRun } from '../../../../checkpoints/run/folder.js';
import type { Contract } from '../../../../configs/contract.js';
import { parseConfig } from '../../../../configs/load/loadConfig.js';
import { compareRuns } from '../../../../eval/report/comparison/compareRuns.js';
import { evaluateRetriever } from '../../../../eval/score/scoreModel.js';
import { contract } from '../../../checkpoints/examples.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';
import { exampleTask, fixedRetriever, writeExampleTask } from '../../exampleTask.js';
import { identityOfName } from '../../../../eval/tasks/identity.js';

describe('compareRuns', () => {
  const place = useTemporaryFolder();

  /** A run that ranked as told, its base and BM25 beside it. */
  async function makeRun(
    name: string,
    rankings: Record<string, string[]>,
    changed: Partial<Contract> = {},
    task = exampleTask,
    settings: Record<string, unknown> = {},
    base = `base-of-${name}`,
    record: Partial<RunRecord> = {},
  ) {
    const paths = await createRun(place('runs'), name);
    const own = { ...contract, ...changed };
    await writeContract(paths.contract, own);
    await writeRunConfig(paths.config, {
      base: { name: base, folder: 'f', weightsHash: base },
      recipe: 'study',
      data: [],
      rows: 1,
      updates: 2,
      settings: parseConfig(settings),
      ...record,
    });
    await appendFile(
      paths.log,
      '{"event":"step","time":"t","step":1,"loss":3,"learningRate":0.1,"gradNorm":1,"tokens":600,"tokensPerSecond":200}\n',
    );
    const example = await writeExampleTask(place(`task-${name}`), task);
    const evaluate = (retriever: string, found: Record<string, string[]>, folder: string) =>
      evaluateRetriever(fixedRetriever(retriever, found), example, {
        folder,
        ...(retriever !== 'bm25' && { contract: own }),
      });
    await evaluate(name, rankings, paths.evaluation('example'));
    await evaluate('base', {}, join(paths.folder, 'baselines/base/example'));
    await evaluate('bm25', { q1: ['b'] }, join(paths.folder, 'baselines/bm25/example'));
    return paths;
  }
  const good = { q1: ['a', 'b'], q2: ['c'] };
  const bad = { q1: ['c', 'a'], q2: ['c'] };
  const places = () => ({ runs: place('runs'), evaluations: place('evaluations') });
  const compare = (...names: string[]) => compareRuns(places(), names);

  it('sets runs, their bases and BM25 once side by side and tests against the first', async () => {
    await makeRun('one', good);
    await makeRun('two', bad, { tokenizer: 'cd34', eosId: 8, bosId: 9 });
    const found = await compare('one', 'two');
    assert.deepEqual([found.title, found.objections, found.baseline], ['one and two', [], 'one']);
    assert.deepEqual(
      found.models.map(({ name, setting }) => [name, setting]),
      [
        ['one', 'Fine-tuned'],
        ['two', 'Fine-tuned'],
        ['base-of-one, base', 'Not fine-tuned'],
        ['base-of-two, base', 'Not fine-tuned'],
        ['BM25', 'BM25'],
      ],
    );
    assert.deepEqual(Object.fromEntries(found.rows.map(({ model, metrics }) => [model, metrics['mrr@2']])), {
      one: 1,
      two: 0.75,
      'base-of-one, base': 0,
      'base-of-two, base': 0,
      BM25: 0.5,
    });
    assert.deepEqual(
      found.differences.map(({ model, baseline, difference }) => [model, baseline, difference]),
      [['two', 'one', -0.25]],
    );
    assert.deepEqual(found.rows[1]!.perQuery!.get('q1'), { 'mrr@2': 0.5, 'recall@2': 0.5 });
    assert.deepEqual(found.curves[1], {
      name: 'two',
      model: 'two',
      steps: [{ step: 1, loss: 3, learningRate: 0.1, gradNorm: 1 }],
      isPublished: false,
    });
    const { trainingSeconds, tokensPerSecond } = found.models[0]!.cost;
    assert.deepEqual([trainingSeconds, tokensPerSecond], [3, 200]);
    assert.deepEqual(
      found.fields.map(({ field, isOfBase }) => [field, isOfBase]),
      [
        ['base', true],
        ['contract.tokenizer', true],
        ['contract.bosId', true],
        ['contract.eosId', true],
      ],
    );
  });

  it('tests against the model that is named, also BM25', async () => {
    await makeRun('one', good);
    await makeRun('two', bad);
    const { differences } = await compareRuns(places(), ['one', 'two'], { baseline: 'BM25' });
    assert.deepEqual(
      differences.map(({ model, baseline, difference }) => [model, baseline, difference]),
      [
        ['one', 'BM25', 0.5],
        ['two', 'BM25', 0.25],
      ],
    );
    await assert.rejects(compareRuns(places(), ['one', 'two'], { baseline: 'BM52' }), {
      name: 'UserError',
      message: /^--baseline BM52 is none of the models compared; did you mean BM25\?$/,
    });
  });

  it('takes runs that differ in their seed alone as one model, tested by the means of each query', async () => {
    await makeRun('a1', good, {}, exampleTask, { seed: 1 }, 'a');
    await makeRun('a2', bad, {}, exampleTask, { seed: 2 }, 'a');
    await makeRun('b', { q1: ['b'], q2: [] }, {}, exampleTask, { seed: 1 }, 'b');
    const found = await compare('a1', 'a2', 'b');
    const row = found.rows.find(({ model }) => model === 'a, 2 seeds')!;
    assert.equal(row.metrics['mrr@2'], 0.875); // of 1 and 0.75
    assert.ok(Math.abs(row.spread!['mrr@2']! - 0.25 / Math.SQRT2) < 1e-12);
    assert.equal(row.perQuery!.get('q1')!['mrr@2'], 0.75); // of 1 and 1/2
    assert.deepEqual(
      found.differences.map(({ model, baseline, difference }) => [model, baseline, difference]),
      [['b', 'a, 2 seeds', -0.375]],
    );
    assert.deepEqual(found.objections, []);
    assert.deepEqual(
      found.curves.map(({ name }) => name),
      ['a1', 'a2', 'b'],
    );
  });

  it('calls models as it is told to', async () => {
    await makeRun('first', good);
    await makeRun('second', bad);
    const labels = new Map([['first', 'one base']]);
    const { models, baseline } = await compareRuns(places(), ['first', 'second'], { labels, baseline: 'first' });
    const names = models.map(({ name }) => name);
    assert.deepEqual([names[0], names[1], baseline], ['one base', 'second', 'one base']);
  });

  it('leaves out tasks that are not asked for', async () => {
    await makeRun('first', good);
    await makeRun('second', bad);
    const tasksOf = async (tasks: string[]) =>
      (await compareRuns(places(), ['first', 'second'], { tasks })).tasks.map(({ name }) => name);
    assert.deepEqual([await tasksOf(['example']), await tasksOf(['other'])], [['example'], []]);
  });

  it('refuses to call it a comparison when more than the base differs', async () => {
    await makeRun('one', good);
    await makeRun('two', bad, { precision: 'bfloat16', queryPrefix: 'query: ' }, exampleTask, { lora: { rank: 8 } });
    const found = await compare('one', 'two');
    assert.deepEqual(found.objections, [
      'lora.rank is 32 in one, 8 in two',
      'contract.queryPrefix is "Query:" in one, "query: " in two',
      'contract.precision is "float32" in one, "bfloat16" in two',
    ]);
    assert.equal(found.title, 'Side by side, not a comparison');
    assert.deepEqual([found.differences, found.stability], [[], null]);
  });

  it('lets settings differ that change no result', async () => {
    await makeRun('one', good);
    await makeRun('two', bad, {}, exampleTask, { training: { chunkTokens: 512 } });
    assert.deepEqual((await compare('one', 'two')).objections, []);
  });

  it('refuses to call it a comparison when a task of the same name has other judgements', async () => {
    await makeRun('one', good);
    const qrels = new Map(exampleTask.qrels).set('q2', new Map([['a', 1]]));
    await makeRun('two', bad, {}, { ...exampleTask, qrels });
    const { objections } = await compare('one', 'two');
    const [told, ...others] = objections;
    assert.match(
      told!,
      /^task example was not the same data for all: \w{8} for (base of (one|two), bm25 of \2, \2); \w{8} for (?!\1)base of/,
    );
    assert.deepEqual(others, []);
    assert.deepEqual((await compare('two', 'one')).objections, objections);
  });

  // Only the run named first was compared with, and bases and BM25 with nothing: scores on different corpora were tested as one.
  it('compares what was judged on for every pair, bases and BM25 included, in any order of names', async () => {
    const one = await makeRun('one', good);
    await makeRun('two', bad);
    const corpus = [...exampleTask.corpus, { id: 'more', title: '', text: 'another' }];
    const larger = await writeExampleTask(place('task-larger'), { ...exampleTask, corpus });
    const folder = join(one.folder, 'baselines/bm25/example');
    await evaluateRetriever(fixedRetriever('bm25', { q1: ['b'] }), larger, { folder, again: true });
    const { objections, differences } = await compare('one', 'two');
    assert.equal(objections.length, 1);
    assert.match(objections[0]!, / \w{8} for bm25 of one(;|$)/);
    assert.deepEqual(differences, []);
    assert.deepEqual((await compare('two', 'one')).objections, objections);
    await assert.doesNotReject(compareRuns(places(), ['one', 'two'], { baseline: 'BM25' }));
  });

  // Data was compared by the names of its files, and its weights not at all: such runs were averaged as seeds of one model.
  it('takes runs on other data, or other weights of it, for seeds of nothing, and says what differs', async () => {
    const trained = (name: string, seed: number, record: Partial<RunRecord>) =>
      makeRun(name, good, {}, exampleTask, { seed }, 'a', { data: [`/${name}/train.arrow`], ...record });
    await trained('one', 1, { identities: ['1234567890'] });
    await trained('two', 2, { identities: ['fedcba9876'] });
    await trained('three', 3, { identities: ['1234567890'], weights: [2] });
    await trained('four', 4, { identities: ['1234567890'] });
    const other = await compare('one', 'two');
    assert.deepEqual(other.models.filter(({ runs }) => runs.length > 0).length, 2);
    assert.deepEqual(other.objections, ['data is ["train.arrow 12345678"] in one, ["train.arrow fedcba98"] in two']);
    assert.deepEqual((await compare('one', 'three')).objections, ['data weights is [1] in one, [2] in three']);
    assert.equal((await compare('one', 'two', 'four')).models[0]!.name, 'one, 2 seeds');
  });

  it('groups seeds alike in any order of names, also where a seed comes twice', async () => {
    for (const [name, seed] of Object.entries({ x: 1, y: 1, z: 2 }))
      await makeRun(name, good, {}, exampleTask, { seed }, 'a');
    const groups = async (...names: string[]) =>
      (await compare(...names)).models
        .map(({ runs }) => [...runs].sort().join())
        .filter(Boolean)
        .sort();
    assert.deepEqual(await groups('x', 'y', 'z'), ['x,z', 'y']);
    assert.deepEqual(await groups('z', 'y', 'x'), ['x,z', 'y']);
  });

  // A row of three seeds was one seed on tasks that the others had not been evaluated on.
  it('says where a row is fewer seeds than its name tells', async () => {
    await makeRun('a1', good, {}, exampleTask, { seed: 1 }, 'a');
    const second = await makeRun('a2', good, {}, exampleTask, { seed: 2 }, 'a');
    await makeRun('b', bad, {}, exampleTask, { seed: 1 }, 'b');
    await rename(second.evaluation('example'), second.evaluation('moved'));
    const file = join(second.evaluation('moved'), 'metrics.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('"task": "example"', '"task": "moved"'));
    const { notes, rows } = await compare('a1', 'a2', 'b');
    assert.ok(notes.includes('a, 2 seeds is 1 of its 2 seeds on example; the others lack it.'), notes.join('\n'));
    assert.equal(rows.find(({ model, task }) => model === 'a, 2 seeds' && task === 'example')!.runs, 1);
  });

  // The note said what was missing and left the command to the reader.
  it('says how to score a run on a task that it lacks', async () => {
    const one = await makeRun('one', good);
    await makeRun('two', bad);
    await rename(one.evaluation('example'), one.evaluation('scifact'));
    const file = join(one.evaluation('scifact'), 'metrics.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('"task": "example"', '"task": "scifact"'));
    const { notes } = await compare('one', 'two');
    const offer = (run: string, tasks: string) =>
      `To score it there: npm run eval -- --model run:${run} --tasks ${tasks}`;
    const told = notes.join('\n');
    assert.ok(told.includes(`two was not evaluated on scifact. ${offer('two', 'scifact')}`), told);
    assert.ok(told.includes(`one was not evaluated on example. ${offer('one', 'example --tasks-dir DIR')}`), told);
  });

  it('takes results without a run, by the name or the path of their folder', async () => {
    await makeRun('one', good);
    const example = await writeExampleTask(place('task-alone'), exampleTask);
    const folder = join(place('evaluations'), 'base-x');
    await evaluateRetriever(fixedRetriever('base:x', bad), example, { folder: join(folder, 'example'), contract });
    for (const name of ['base-x', folder]) {
      const { models, differences } = await compare('one', name);
      assert.equal(models.find((model) => model.name === 'base-x')!.setting, 'Not fine-tuned');
      assert.equal(differences[0]!.difference, -0.25);
    }
  });

  it('shows published figures on the tasks and metrics it has, without a test', async () => {
    await makeRun('one', good);
    const results = [{ task: identityOfName('example'), metrics: { 'mrr@2': 0.625, 'ndcg@10': 0.5 } }];
    const published = [{ models: [{ name: 'theirs', about: 'a paper', results }], curves: [] }];
    const found = await compareRuns(places(), ['one'], { published });
    assert.deepEqual(found.rows.find(({ model }) => model === 'theirs')!.metrics, { 'mrr@2': 0.625 });
    assert.ok(!found.differences.some(({ model, baseline }) => [model, baseline].includes('theirs')));
    const namesake = [{ models: [{ name: 'one', about: 'a paper', results }], curves: [] }];
    const { models } = await compareRuns(places(), ['one'], { published: namesake });
    assert.deepEqual([models[0]!.name, models.at(-1)!.name], ['one', 'one (published)']);
  });

  it('asks for two different runs that exist and were evaluated', async () => {
    const one = await makeRun('one', good);
    const mistake = (message: RegExp) => ({ name: 'UserError', message });
    await assert.rejects(compare('one'), mistake(/^compare takes two or more different runs; got one$/));
    await assert.rejects(compare('one', 'one'), mistake(/got one one$/));
    await assert.rejects(compare('one', 'onee'), mistake(/did you mean one\?$/));
    await makeRun('two', bad);
    await rm(one.evaluation('example'), { recursive: true });
    await assert.rejects(compare('two', 'one'), mistake(/^run one was not evaluated; npm run eval -- --model run:one/));
  });

  it('names a results file that is damaged', async () => {
    await makeRun('one', good);
    const two = await makeRun('two', bad);
    await writeFile(join(two.evaluation('example'), 'metrics.json'), '{');
    await assert.rejects(compare('one', 'two'), {
      name: 'UserError',
      message: /metrics.json is not JSON .*; evaluate again$/,
    });
  });
});
