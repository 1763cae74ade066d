import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startEngine } from '../../model/engine/startEngine.js';
import { writeBeir } from '../../data/task/beir.js';
import { runCommand, startCommand } from '../runCommand.js';
import { makeTinyRun } from '../tinyRun.js';

describe('npm run eval', function () {
  this.timeout(120_000); // an encoding must last until it has been interrupted
  let folder: string;
  const evaluate = (...args: string[]) =>
    runCommand('eval/command.ts', [...args, '--tasks', 'animals', '--tasks-dir', 'tasks'], folder);

  before(async () => {
    await startEngine();
    folder = await makeTinyRun();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  // Results under one recipe once replaced those under another.
  it("keeps results under another recipe than the base's own in a folder of their own", async () => {
    const { code, errors } = await evaluate('--model', 'base:base', '--recipe', 'demo', '--precision', 'float32');
    assert.equal(code, 0, errors);
    const own = await evaluate('--model', 'base:base', '--precision', 'float32');
    assert.equal(own.code, 0, own.errors);
    const folders = readdirSync(join(folder, 'checkpoints/evaluations'));
    assert.equal(folders.length, 2, folders.join());
    for (const name of folders) {
      assert.match(name, /^base-base-[0-9a-f]{8}$/);
      assert.ok(existsSync(join(folder, 'checkpoints/evaluations', name, 'animals/metrics.json')));
    }
  });

  it('does not score again, nor encode again, what was done', async () => {
    const first = await evaluate('--model', 'base:base', '--precision', 'float32', '--json');
    const second = await evaluate('--model', 'base:base', '--precision', 'float32', '--json');
    assert.equal(second.code, 0, second.errors);
    assert.match(second.errors, /animals was scored .*; --again scores it anew/);
    assert.equal(second.output, first.output);
  });

  // What was encoded of up to 16,384 passages was lost.
  it('keeps what it has encoded when it is asked to end, and goes on there', async () => {
    const corpus = Array.from({ length: 2000 }, (_, row) => ({
      ...{ id: `d${row}`, title: '' },
      text: `owl ${row} `.repeat(60),
    }));
    const qrels = new Map([['q', new Map([['d7', 1]])]]);
    const queries = [{ id: 'q', text: 'which owl' }];
    await writeBeir(join(folder, 'tasks/owls'), 'test', { corpus, queries, qrels });
    const args = ['--model', 'base:base', '--precision', 'float32', '--tasks', 'owls', '--tasks-dir', 'tasks'];
    const kept = join(folder, 'data/cache/embeddings');
    const filesOf = (ending: RegExp) =>
      (existsSync(kept) ? readdirSync(kept, { recursive: true }) : []).filter((name) => ending.test(String(name)));
    // A machine that is busy may have made none by then.
    for (let waitMs = 200; filesOf(/\.part$/).length === 0; waitMs *= 2) {
      const { child, finished } = startCommand('eval/command.ts', args, folder);
      while (filesOf(/passage.*\.claim$/).length === 0 && child.exitCode === null) await setTimeout(5);
      await setTimeout(waitMs);
      child.kill('SIGTERM');
      const { code, errors } = await finished;
      assert.equal(code, 130, errors);
      const told = 'interrupted: keeping what is done; once more ends at once\nwhat is done is kept; ';
      assert.ok(errors.includes(`${told}the same command goes on from there\n`), errors);
      assert.deepEqual(filesOf(/\.claim$/), []);
    }
    const again = await runCommand('eval/command.ts', args, folder);
    assert.equal(again.code, 0, again.errors);
    assert.deepEqual(filesOf(/\.part$/), []);
  });

  it('takes k1, b and fields of BM25, and keeps the results apart', async () => {
    const flat = await evaluate('--model', 'bm25', '--json');
    const other = await evaluate('--model', 'bm25', '--json', '--k1', '1.2', '--b', '0.75', '--fields', 'multifield');
    assert.deepEqual([flat.code, other.code], [0, 0], flat.errors + other.errors);
    const folderIn = (output: string) => (JSON.parse(output.trim().split('\n').at(-1)!) as { folder: string }).folder;
    const read = (output: string) => readFileSync(join(folder, folderIn(output), 'animals/metrics.json'), 'utf8');
    assert.match(read(flat.output), /"bm25 k1=0.9 b=0.4 fields=flat lucene-english"/);
    assert.match(read(other.output), /"bm25 k1=1.2 b=0.75 fields=multifield lucene-english"/);
    const { code, errors } = await evaluate('--model', 'bm25', '--b', '2');
    assert.deepEqual([code, errors], [2, 'error: --b must be from 0 to 1; got 2\n']);
  });

  it('scores the run file of another tool as it scored its own', async () => {
    const flat = await evaluate('--model', 'bm25', '--json');
    const result = (output: string) =>
      JSON.parse(output.trim().split('\n').at(-1)!) as { folder: string; results: { metrics: object }[] };
    const file = join(result(flat.output).folder, 'animals/run.trec');
    const { code, output, errors } = await evaluate('--model', `trec:${file}`, '--json');
    assert.equal(code, 0, errors);
    assert.deepEqual(result(output).results[0]!.metrics, result(flat.output).results[0]!.metrics);
  });

  // A run file could be scored only where the whole corpus was there.
  it('scores a run file with judgements alone, by metrics of choice', async () => {
    writeFileSync(join(folder, 'own.qrels'), 'q1 0 a 2\nq1 0 b 1\nq2 0 c 1\n');
    writeFileSync(join(folder, 'own.trec'), 'q1 Q0 x 1 3 t\nq1 Q0 b 2 2 t\nq1 Q0 a 3 1 t\n');
    const args = ['--model', 'trec:own.trec', '--tasks', './own.qrels', '--metrics', 'map@10,precision@2-l2,mrr@10-l2'];
    const { code, output, errors } = await runCommand('eval/command.ts', [...args, '--json'], folder);
    assert.equal(code, 0, errors);
    // q1: b at 2, a at 3: (1 / 2 + 2 / 3) / 2 = 7 / 12; of grade 2: none of the first two, a at 3. q2: nothing.
    const { results } = JSON.parse(output.trim().split('\n').at(-1)!) as { results: { metrics: object }[] };
    assert.deepEqual(results[0]!.metrics, {
      'map@10': (1 / 2 + 2 / 3) / 2 / 2,
      'precision@2-l2': 0,
      'mrr@10-l2': 1 / 6,
    });
    assert.match(errors, /^warning: own: 1 of 2 queries got no results\nresults /);
  });

  // Results replace the folder of a task's name within the output: there may lie the task itself, or the run that is scored.
  it('destroys no input by its output, however that is spelled', async () => {
    const held = () => readFileSync(join(folder, 'tasks/animals/corpus.jsonl'), 'utf8');
    const before = held();
    symlinkSync(join(folder, 'tasks'), join(folder, 'linked'));
    for (const output of ['linked', 'checkpoints/../tasks/.']) {
      const { code, errors } = await evaluate('--model', 'bm25', '--output', output);
      assert.equal(code, 2, errors);
      assert.match(
        errors,
        /^error: --output .*animals would replace the input .*animals, which is read; name another place\n$/,
      );
      assert.equal(held(), before);
    }
    mkdirSync(join(folder, 'given/animals'), { recursive: true });
    writeFileSync(join(folder, 'given/animals/run.trec'), 'q0 Q0 p-cat 1 1 t\n');
    const { code, errors } = await evaluate('--model', 'trec:given/animals/run.trec', '--output', 'given');
    assert.equal(code, 2, errors);
    assert.match(errors, /would replace the folder of the input given\/animals\/run\.trec/);
  });

  it('refuses options that have no effect on BM25', async () => {
    const { code, errors } = await evaluate('--model', 'bm25', '--base', 'demo');
    assert.deepEqual([code, errors], [2, 'error: --base has no effect on bm25; leave it out\n']);
  });
});
