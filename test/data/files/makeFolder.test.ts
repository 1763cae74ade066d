import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { stat, symlink, writeFile } from 'node:fs/promises';
import { makeFolder, requireWritable } from '../../../data/files/makeFolder.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('makeFolder', () => {
  const place = useTemporaryFolder();

  it('makes a folder with those above it, however often, alone or beside others', async () => {
    await Promise.all([makeFolder(place('a/b/c')), makeFolder(place('a/b/d')), makeFolder(place('a/b/c'))]);
    await makeFolder(place('a/b/c'));
    await symlink(place('a'), place('link'));
    await makeFolder(place('link/e'));
    for (const path of ['a/b/c', 'a/b/d', 'a/e']) assert.ok((await stat(place(path))).isDirectory(), path);
  });

  it('says in one line that a file is in the way', async () => {
    await writeFile(place('file'), '');
    const refusal = { name: 'UserError', message: /: a file is in the place of a folder on the way; name another/ };
    await assert.rejects(makeFolder(place('file')), refusal);
    await assert.rejects(makeFolder(place('file/below')), refusal);
  });

  // Node's own way went round for ever, so that a command with --output /proc/x never ended.
  it('says in one line that a folder takes none', async function () {
    if (!existsSync('/proc/self')) this.skip();
    const refusal = { name: 'UserError', message: /^cannot write \/proc\/none\/below: its folder cannot be made/ };
    await assert.rejects(makeFolder('/proc/none/below'), refusal);
  });
});

describe('requireWritable', () => {
  const place = useTemporaryFolder();

  it('looks at the nearest folder there is, and makes nothing', async () => {
    await writeFile(place('file'), '');
    for (const path of ['file', 'new', 'new/below/it']) await requireWritable(place(path));
    assert.ok(!existsSync(place('new')));
  });

  it('says in one line that a file is in the place of a folder', async () => {
    await writeFile(place('file'), '');
    await assert.rejects(requireWritable(place('file/below')), {
      name: 'UserError',
      message: /below: a file is in the place of a folder/,
    });
  });
});
