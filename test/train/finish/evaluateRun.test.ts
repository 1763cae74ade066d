import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFolder, runsRoot } from '../../../checkpoints/run/folder.js';
import type { TokenizerThreads } from '../../../data/tokenizer/threads.js';
import { modelEncoder } from '../../../eval/encoder/encoder.js';
import type { Task } from '../../../eval/tasks/task.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { disposeModel, type Model } from '../../../model/layer/decoder.js';
import { attachAdapter, freshAdapter } from '../../../model/layer/lora.js';
import { evaluateRun } from '../../../train/finish/evaluateRun.js';
import { contract } from '../../checkpoints/examples.js';
import { exampleTask, writeExampleTask } from '../../eval/exampleTask.js';
import { tinyQwen2, tinyTexts } from '../../fixtures/tinyQwen2.js';

describe('evaluateRun', () => {
  const started = process.cwd();
  let folder: string;
  let model: Model;
  let task: Task;
  let tokenized: number;
  const threads: TokenizerThreads = {
    async tokenize(_, texts) {
      tokenized += texts.length;
      return texts.map(({ text }) => tinyTexts[text.length % tinyTexts.length]!);
    },
    close: async () => {},
  };

  before(async () => {
    await startEngine();
    model = await loadModel(tinyQwen2.path('sharded'), 'float32');
  });
  after(() => disposeModel(model));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tercet-'));
    process.chdir(folder); // caches and results lie below the folder that a command is started in
    task = await writeExampleTask(join(folder, 'task'));
    tokenized = 0;
  });
  afterEach(async () => {
    process.chdir(started);
    await rm(folder, { recursive: true, force: true });
  });

  const evaluate = async (run: string, seed = 1, warn?: (text: string) => void) => {
    const adapter = freshAdapter(model, { rank: 2, alpha: 4, dropout: 0, targets: ['q'] }, seed);
    attachAdapter(model, adapter);
    const encoder = modelEncoder(`run:${run}`, model, threads, contract, 1000);
    return evaluateRun([task], runFolder(runsRoot, run), 'tiny', model, encoder, { ...(warn && { warn }) }, () => {});
  };

  it('gives a row for base, tuned and BM25, and leaves the base and BM25 to other runs too', async () => {
    const results = await evaluate('first');
    assert.deepEqual(
      results.map(({ model: name }) => name),
      ['base', 'tuned', 'BM25'],
    );
    assert.ok(model.layers[0]!.q.adapter, 'the adapter is gone, and with it what training would go on with');
    for (const place of ['eval', 'baselines/base', 'baselines/bm25'])
      assert.ok(existsSync(join(runsRoot, 'first', place, 'example/metrics.json')), place);
    const kept = readdirSync('checkpoints/evaluations').map((name) => name.replace(/-[0-9a-f]{8}$/, ''));
    assert.deepEqual(kept.sort(), ['base-tiny', 'bm25']);
  });

  // `eval` said so, training scored such a task without a word.
  it('tells once what takes meaning from the results of all models, and whose it is otherwise', async () => {
    const qrels = new Map(exampleTask.qrels).set('q1', new Map([['a', 0]]));
    const queries = exampleTask.queries.map((query) => (query.id === 'q2' ? { ...query, text: 'unheard' } : query));
    task = await writeExampleTask(join(folder, 'odd'), { ...exampleTask, queries, qrels });
    const told: string[] = [];
    await evaluate('first', 1, (text) => told.push(text));
    const own = told.filter((text) => !text.includes('share their score'));
    assert.deepEqual(own, [
      'example: 1 of 2 queries have no relevant document and count 0 for every model',
      'example: 2 of 2 queries got no results (BM25)',
    ]);
  });

  it('scores nothing twice when it is started again', async () => {
    const first = await evaluate('first');
    const done = tokenized;
    const metrics = readFileSync(join(runsRoot, 'first/eval/example/metrics.json'), 'utf8');
    assert.deepEqual(await evaluate('first'), first);
    assert.equal(tokenized, done);
    assert.equal(readFileSync(join(runsRoot, 'first/eval/example/metrics.json'), 'utf8'), metrics);
  });

  it('encodes for a second run with its adapter alone', async () => {
    await evaluate('first');
    const each = tokenized / 2; // queries and passages, by the tuned model and by its base
    await evaluate('second', 2);
    assert.equal(tokenized, 3 * each);
    assert.ok(existsSync(join(runsRoot, 'second/baselines/base/example/run.trec')));
  });
});
