import assert from 'node:assert/strict';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeContract } from '../../checkpoints/contractFile.js';
import { writeRunConfig } from '../../checkpoints/runConfig.js';
import { createRun } from '../../checkpoints/runFolder.js';
import type { Contract } from '../../configs/contract.js';
import { parseConfig } from '../../configs/loadConfig.js';
import { compareRuns } from '../../eval/compareRuns.js';
import { evaluateRetriever } from '../../eval/scoreModel.js';
import { contract } from '../checkpoints/examples.js';
import { useTemporaryFolder } from '../checkpoints/useTemporaryFolder.js';
import { exampleTask, fixedRetriever, writeExampleTask } from './exampleTask.js';

describe('compareRuns', () => {
  const place = useTemporaryFolder();

  /** A run that ranked as told, its base and BM25 beside it. */
  async function makeRun(
    name: string,
    rankings: Record<string, string[]>,
    changed: Partial<Contract> = {},
    task = exampleTask,
  ) {
    const paths = await createRun(place('runs'), name);
    const own = { ...contract, ...changed };
    await writeContract(paths.contract, own);
    await writeRunConfig(paths.config, {
      base: { name: `base-of-${name}`, folder: 'f', weightsHash: 'w' },
      recipe: 'study',
      data: [],
      rows: 1,
      updates: 2,
      settings: parseConfig({}),
    });
    await appendFile(paths.log, '{"event":"step","time":"t","step":1,"loss":3,"learningRate":0.1,"gradNorm":1}\n');
    const example = await writeExampleTask(place(`task-${name}`), task);
    const evaluate = (retriever: string, found: Record<string, string[]>, folder: string) =>
      evaluateRetriever(fixedRetriever(retriever, found), example, { folder, contract: own });
    await evaluate(name, rankings, paths.evaluation('example'));
    await evaluate('base', {}, join(paths.folder, 'baselines/base/example'));
    await evaluate('bm25', { q1: ['b'] }, join(paths.folder, 'baselines/bm25/example'));
    return paths;
  }
  const good = { q1: ['a', 'b'], q2: ['c'] };
  const bad = { q1: ['c', 'a'], q2: ['c'] };
  const compare = (...names: string[]) => compareRuns(place('runs'), names);

  it('sets runs, their bases and BM25 once side by side and tests against the first', async () => {
    await makeRun('one', good);
    await makeRun('two', bad, { tokenizer: 'cd34', eosId: 8, bosId: 9 });
    const { report, objections } = await compare('one', 'two');
    assert.deepEqual(objections, []);
    assert.deepEqual(
      report.results.map(({ model, metrics }) => [model, metrics['mrr@2']]),
      [
        ['one', 1],
        ['two', 0.75],
        ['base-of-one, base', 0],
        ['BM25', 0.5],
        ['base-of-two, base', 0],
      ],
    );
    assert.deepEqual(report.pairs, [{ model: 'two', baseline: 'one' }]);
    assert.deepEqual(report.results[1]!.perQuery!.get('q1'), { 'mrr@2': 0.5, 'recall@2': 0.5 });
    assert.deepEqual(report.curves![1], { name: 'two', steps: [{ step: 1, loss: 3, learningRate: 0.1 }] });
    assert.deepEqual(report.facts, [
      ['one', 'base-of-one, recipe study, 2 updates'],
      ['two', 'base-of-two, recipe study, 2 updates'],
      ['Contracts differ by base in', 'tokenizer, bosId, eosId'],
    ]);
    assert.equal(report.contract, null);
  });

  it('refuses to call it a comparison when contracts differ in more than the base brings', async () => {
    await makeRun('one', good);
    await makeRun('two', bad, { precision: 'bfloat16', queryPrefix: 'query: ' });
    const { report, objections } = await compare('one', 'two');
    assert.deepEqual(objections, [
      'Not a comparison: queryPrefix is "Query:" in one, "query: " in two.',
      'Not a comparison: precision is "float32" in one, "bfloat16" in two.',
    ]);
    assert.equal(report.title, 'Side by side, not a comparison');
    assert.deepEqual([report.pairs, report.warnings], [[], objections]);
  });

  it('refuses to call it a comparison when a task of the same name has other judgements', async () => {
    await makeRun('one', good);
    const qrels = new Map(exampleTask.qrels).set('q2', new Map([['a', 1]]));
    await makeRun('two', bad, {}, { ...exampleTask, qrels });
    const { objections } = await compare('one', 'two');
    assert.deepEqual(objections, ['Not a comparison: task example was another one for one than for two.']);
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
