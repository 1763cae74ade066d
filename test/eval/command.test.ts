import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startEngine } from '../../model/engine/startEngine.js';
import { runCommand } from '../runCommand.js';
import { makeTinyRun } from '../tinyRun.js';

describe('npm run eval', function () {
  this.timeout(120_000);
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

  it('refuses options that have no effect on BM25', async () => {
    const { code, errors } = await evaluate('--model', 'bm25', '--base', 'demo');
    assert.deepEqual([code, errors], [2, 'error: --base has no effect on bm25; leave it out\n']);
  });
});
