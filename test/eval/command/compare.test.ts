import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluateRetriever } from '../../../eval/score/scoreModel.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { runCommand } from '../../runCommand.js';
import { fixedRetriever, writeExampleTask } from '../exampleTask.js';

describe('npm run compare', function () {
  this.timeout(120_000);
  const place = useTemporaryFolder();
  const compare = (...args: string[]) => runCommand('eval/command/compare.ts', args, place());

  /** Two models that were evaluated, and were no runs. */
  async function evaluated(): Promise<void> {
    const task = await writeExampleTask(place('tasks/example'));
    const found: [name: string, rankings: Record<string, string[]>][] = [
      ['one', { q1: ['a', 'b'], q2: ['c'] }],
      ['two', { q1: ['c', 'b'], q2: ['c'] }],
    ];
    for (const [name, rankings] of found) {
      const folder = join(place('checkpoints/evaluations'), name, 'example');
      await evaluateRetriever(fixedRetriever(name, rankings), task, { folder });
    }
  }

  it('writes the page and its tables, prints the table and, last, one JSON object', async () => {
    await evaluated();
    const { code, output, errors } = await compare('one', 'two', '--tasks-dir', 'tasks', '--json');
    assert.equal(code, 0, errors);
    const folder = join('checkpoints', 'comparisons', 'one+two');
    assert.deepEqual((await readdir(place(folder))).sort(), [
      'differences.csv',
      'mteb',
      'report.html',
      'report.json',
      'results.csv',
      'results.tex',
    ]);
    const printed = JSON.parse(output.trim().split('\n').at(-1)!) as {
      folder: string;
      comparable: boolean;
      differences: { difference: number }[];
    };
    assert.deepEqual([printed.folder, printed.comparable, printed.differences[0]!.difference], [folder, true, -0.25]);
    assert.match(output, /^two +bm25 +0\.7500$/m);
    assert.match(await readFile(place(join(folder, 'report.html')), 'utf8'), /text of c/);
    assert.equal((await compare('one', 'two', '--tasks-dir', 'tasks')).code, 0); // an older comparison is replaced
  });

  it('replaces nothing that it did not write, and says what is wrong in one line', async () => {
    await evaluated();
    await mkdir(place('mine'));
    await writeFile(place('mine/notes.txt'), 'mine');
    const foreign = await compare('one', 'two', '--output', 'mine');
    assert.deepEqual(
      [foreign.code, foreign.errors],
      [
        2,
        'error: mine holds notes.txt, which this command did not put there, so it is not replaced; ' +
          'move that away, or name another folder\n',
      ],
    );
    for (const output of ['checkpoints/evaluations', 'checkpoints/evaluations/../evaluations/two', 'link']) {
      if (output === 'link') await symlink('checkpoints/evaluations/one', place('link'));
      const { code, errors } = await compare('one', 'two', '--output', output);
      assert.equal(code, 2, errors);
      assert.match(errors, /^error: [^\n]*(would replace|is not replaced)[^\n]*\n$/);
    }
    assert.ok(existsSync(place('checkpoints/evaluations/one/example/per-query.arrow')));
    const unknown = await compare('one', 'too');
    assert.equal(unknown.code, 2);
    assert.match(unknown.errors, /^error: too is neither a run in .* nor results in .*; did you mean two\?\n$/);
    assert.ok(!existsSync(place('checkpoints/comparisons')));
  });
});
