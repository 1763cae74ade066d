import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFolder, restoreReplaced, writeFolder } from '../../../data/files/writeFolder.js';
import { ownerOf } from '../../../setup/lock/owner.mjs';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

/** A process that has ended. */
const dead = ownerOf(spawnSync(process.execPath, ['--version']).pid);

const own = /^(file|older file)$/;
const writing = (text: string) => (folder: string) => writeFile(join(folder, 'file'), text);

describe('writeFolder', () => {
  const place = useTemporaryFolder();

  it('writes a new folder, or into an empty one', async () => {
    await mkdir(place('empty'));
    await writeFolder(place('empty/'), writing('x'));
    await writeFolder(place('some/new'), writing('y'));
    assert.equal(await readFile(place('empty/file'), 'utf8'), 'x');
    assert.equal(await readFile(place('some/new/file'), 'utf8'), 'y');
    assert.deepEqual((await readdir(place())).sort(), ['empty', 'some']);
  });

  it('refuses a folder that holds something, and a file', async () => {
    await mkdir(place('full'));
    await writeFile(place('full/precious'), '1');
    await assert.rejects(writeFolder(place('full'), writing('x')), /full is not empty; name another folder/);
    await assert.rejects(writeFolder(place('full/precious'), writing('x')), /precious is a file; name a folder/);
    assert.deepEqual(await readdir(place('full')), ['precious']);
  });

  it("says that a place within a file is the user's mistake", async () => {
    await writeFile(place('file'), '');
    const message = /cannot write .*file\/new: a file is in the place of a folder/;
    await assert.rejects(writeFolder(place('file/new'), writing('x')), { name: 'UserError', message });
  });

  it('leaves nothing when writing fails', async () => {
    const failing = async (folder: string) => {
      await writeFile(join(folder, 'half'), '');
      throw new Error('stop');
    };
    await assert.rejects(writeFolder(place('new'), failing), /stop/);
    assert.deepEqual(await readdir(place()), []);
  });
});

describe('replaceFolder', () => {
  const place = useTemporaryFolder();

  // Whatever lay in the folder named by --output was removed without a word.
  it('leaves alone a folder that holds what it did not put there, also what came while it wrote', async () => {
    await writeFolder(place('a'), writing('older'));
    const foreign = async (folder: string) => {
      await writing('newer')(folder);
      await mkdir(place('a/deep'));
      await writeFile(place('a/deep/letter.txt'), 'dear');
    };
    const refusal = /a holds deep\/letter\.txt, which this command did not put there, so it is not replaced; move that/;
    await assert.rejects(replaceFolder(place('a'), own, foreign), refusal);
    await assert.rejects(replaceFolder(place('a'), own, writing('newer')), refusal);
    assert.equal(await readFile(place('a/file'), 'utf8'), 'older');
    assert.equal(await readFile(place('a/deep/letter.txt'), 'utf8'), 'dear');
    assert.deepEqual(await readdir(place()), ['a']);
  });

  it('replaces a folder whole', async () => {
    await replaceFolder(place('a'), own, async (folder) => {
      await writeFile(join(folder, 'older file'), '');
    });
    await replaceFolder(place('a'), own, writing('newer'));
    assert.deepEqual(await readdir(place()), ['a']);
    assert.deepEqual(await readdir(place('a')), ['file']);
  });

  it('keeps the older folder when writing fails', async () => {
    await replaceFolder(place('a'), own, writing('older'));
    await assert.rejects(
      replaceFolder(place('a'), own, () => Promise.reject(new Error('stop'))),
      /stop/,
    );
    assert.equal(await readFile(place('a/file'), 'utf8'), 'older');
    assert.deepEqual(await readdir(place()), ['a']);
  });
});

describe('restoreReplaced', () => {
  const place = useTemporaryFolder();

  it('gives a folder its name back when the process died between the two renames', async () => {
    await replaceFolder(place('a'), own, writing('older'));
    await rename(place('a'), place(`a.replaced-${dead}`));
    await restoreReplaced(place());
    assert.deepEqual(await readdir(place()), ['a']);
  });

  it('removes the older folder when the new one has its name', async () => {
    await replaceFolder(place('a'), own, writing('newer'));
    await mkdir(place(`a.replaced-${dead}`));
    await restoreReplaced(place());
    assert.deepEqual(await readdir(place()), ['a']);
    assert.equal(await readFile(place('a/file'), 'utf8'), 'newer');
  });

  // The older folder was taken away from a process that was about to replace it.
  it('leaves alone what a living process has moved aside', async () => {
    const aside = `a.replaced-${ownerOf(process.ppid)}`;
    await mkdir(place(aside));
    await restoreReplaced(place());
    assert.deepEqual(await readdir(place()), [aside]);
  });
});
