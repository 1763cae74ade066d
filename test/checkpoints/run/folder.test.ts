import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRun, defaultRunName, openRun, runFolder } from '../../../checkpoints/run/folder.js';
import { lockRun } from '../../../checkpoints/run/lock.js';
import { UserError } from '../../../configs/userError.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

describe('runFolder', () => {
  it('places everything under the name of the run', () => {
    const paths = runFolder('runs', 'first');
    assert.equal(paths.state, join('runs', 'first', 'state'));
    assert.equal(paths.adapter, join('runs', 'first', 'adapter'));
    assert.equal(paths.evaluation('scifact'), join('runs', 'first', 'eval', 'scifact'));
  });

  for (const name of ['', '..', '.hidden', 'a/b', 'with blank', 'x'.repeat(101)])
    it(`refuses the name ${JSON.stringify(name)}`, () => {
      assert.throws(() => runFolder('runs', name), UserError);
    });
});

describe('createRun', () => {
  const place = useTemporaryFolder();

  it('makes the folder, and refuses one that holds something, with the remedy', async () => {
    const { folder } = await createRun(place('runs'), 'a');
    await writeFile(join(folder, 'config.yaml'), '');
    await assert.rejects(
      createRun(place('runs'), 'a'),
      new UserError(`run a exists in ${place('runs')}; go on with it by --resume, or name another by --run`),
    );
  });

  it('takes a folder that is empty but for the lock of this or a dead process', async () => {
    const { folder } = await createRun(place('runs'), 'a');
    lockRun(folder);
    assert.equal((await createRun(place('runs'), 'a')).folder, folder);
  });
});

describe('createRun in a place that cannot be written', () => {
  const place = useTemporaryFolder();

  it("says so as the user's mistake", async () => {
    await writeFile(place('runs'), '');
    const message = /cannot write .*runs\/a: a file is in the place of a folder/;
    await assert.rejects(createRun(place('runs'), 'a'), { name: 'UserError', message });
  });
});

describe('openRun', () => {
  const place = useTemporaryFolder();

  it('finds a run, or names the near one', async () => {
    await mkdir(place('math-1'));
    assert.equal((await openRun(place(), 'math-1')).folder, place('math-1'));
    await assert.rejects(openRun(place(), 'math-2'), /run math-2 does not exist in .*; did you mean math-1\?/);
    await assert.rejects(openRun(place('absent'), 'x'), /no run was made yet/);
  });
});

describe('defaultRunName', () => {
  const date = new Date('2026-01-31T23:59:01.999Z');
  const names: [base: string, name: string][] = [
    ['qwen-math', 'qwen-math-20260131-235901'],
    ['Qwen/Qwen2.5-7B', 'Qwen2.5-7B-20260131-235901'],
    ['/models/my model/', 'my-model-20260131-235901'],
    ['..', 'run-20260131-235901'],
  ];
  for (const [base, name] of names)
    it(`calls a run on ${base} ${name}, which is accepted`, () => {
      assert.equal(defaultRunName(base, date), name);
      assert.equal(runFolder('runs', name).name, name);
    });
});
