import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { explainFullDisk, isAlive, stageFile, writeBeside, writeTogether } from '../../checkpoints/writeBeside.js';
import { UserError } from '../../configs/userError.js';
import { useTemporaryFolder } from './useTemporaryFolder.js';

/** The id of a process that has ended. */
const deadPid = spawnSync(process.execPath, ['--version']).pid;

describe('writeBeside', () => {
  const place = useTemporaryFolder();

  it('makes the folders it needs and replaces an older file', async () => {
    await writeBeside(place('a/b.txt'), 'one');
    await writeBeside(place('a/b.txt'), 'two');
    assert.equal(await readFile(place('a/b.txt'), 'utf8'), 'two');
    assert.deepEqual(await readdir(place('a')), ['b.txt']);
  });

  it('keeps the older file when writing fails', async () => {
    await writeBeside(place('file'), 'older');
    const failing = async () => {
      assert.equal((await readdir(place())).length, 2); // the new one is written beside
      throw new Error('out of ideas');
    };
    await assert.rejects(writeBeside(place('file'), failing), /out of ideas/);
    assert.deepEqual(await readdir(place()), ['file']);
    assert.equal(await readFile(place('file'), 'utf8'), 'older');
  });

  it('removes what dead processes left of this file, and nothing else', async () => {
    const left = [`file.partial-${deadPid}`, `file.partial-${process.ppid}`, `other.partial-${deadPid}`];
    for (const name of left) await writeFile(place(name), 'half');
    await writeBeside(place('file'), 'whole');
    assert.deepEqual((await readdir(place())).sort(), ['file', ...left.slice(1)].sort());
  });
});

describe('stageFile', () => {
  const place = useTemporaryFolder();

  it('gives the name only at commit', async () => {
    await writeBeside(place('file'), 'older');
    const staged = await stageFile(place('file'), 'newer');
    assert.equal(await readFile(place('file'), 'utf8'), 'older');
    await staged.commit();
    assert.equal(await readFile(place('file'), 'utf8'), 'newer');
  });

  it('leaves nothing after discard', async () => {
    await (await stageFile(place('file'), 'newer')).discard();
    assert.deepEqual(await readdir(place()), []);
  });
});

describe('writeTogether', () => {
  const place = useTemporaryFolder();

  it('changes all files, or none', async () => {
    const stage = (name: string, text: string) => () => stageFile(place(name), text);
    await writeTogether([stage('a', 'older'), stage('b', 'older')]);
    const failing = () => Promise.reject(new Error('stop'));
    await assert.rejects(writeTogether([stage('a', 'newer'), failing]), /stop/);
    assert.deepEqual(await readdir(place()), ['a', 'b']);
    assert.equal(await readFile(place('a'), 'utf8'), 'older');
  });
});

describe('explainFullDisk', () => {
  it('says in one line what could not be written and how much it needs', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    assert.deepEqual(
      explainFullDisk(full, '/runs/a/state/step-000100.partial-77/state.safetensors', 1234567),
      new UserError(
        'no space left to write /runs/a/state/step-000100/state.safetensors (1,234,567 bytes needed); ' +
          'free space there and run again: older files are intact',
      ),
    );
  });

  it('passes other errors on', () => {
    const other = Object.assign(new Error('EACCES'), { code: 'EACCES' });
    assert.equal(explainFullDisk(other, '/x'), other);
  });
});

describe('isAlive', () => {
  it('tells running processes from ended ones', () => {
    assert.deepEqual([process.pid, process.ppid, deadPid, NaN, -1].map(isAlive), [true, true, false, false, false]);
  });
});
