import assert from 'node:assert/strict';
import { link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { requireApart, type OutputPlace } from '../../../data/files/requireApart.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

// Each of these was replaced by what was read from it, or removed with the folder it lay in.
describe('requireApart', () => {
  const place = useTemporaryFolder();
  const file = (path: string): OutputPlace => ({ option: '--output', path, kind: 'file' });
  const folder = (path: string): OutputPlace => ({ option: '--output', path, kind: 'folder' });
  beforeEach(async () => {
    await mkdir(place('base/deep'), { recursive: true });
    for (const name of ['input', 'base/weights', 'base/deep/more']) await writeFile(place(name), name);
    await symlink(place('input'), place('link'));
    await symlink(place('base'), place('linked base'));
    await link(place('input'), place('hard link'));
  });

  const spellings: [what: string, path: () => string][] = [
    ['its name', () => place('input')],
    ['a relative path', () => relative('', place('input'))],
    ['a path with dots', () => `${place('base')}/deep/../../input`],
    ['a link', () => place('link')],
    ['a hard link', () => place('hard link')],
  ];
  for (const [what, path] of spellings)
    it(`refuses an output that is an input, named by ${what}`, async () => {
      await assert.rejects(requireApart([file(path())], [place('base'), place('input')]), {
        name: 'UserError',
        message: /^--output .* would replace the input .*input, which is read; name another place$/,
      });
    });

  it('refuses a file of a folder that is read, also through a link to the folder', async () => {
    for (const path of ['base/weights', 'linked base/deep/more'])
      await assert.rejects(requireApart([file(place(path))], [place('base')]), /would replace a file of .*base, which/);
  });

  it('refuses a folder in which an input lies, whether the folder or a link to it is named', async () => {
    for (const path of ['base', 'linked base', 'base/deep/..'])
      await assert.rejects(requireApart([folder(place(path))], [place('base/deep/more')]), /the folder of the input/);
    await assert.rejects(requireApart([folder(place('base'))], [place('linked base')]), /would replace the input/);
  });

  it('refuses an output within a folder that another output replaces', async () => {
    const page = { option: '--html', path: place('new/page.html'), kind: 'file' } as const;
    await assert.rejects(
      requireApart([page, folder(place('new'))], []),
      /--html .* lies in .*new, which --output replaces/,
    );
  });

  it('lets pass what is new, beside, or read only by name', async () => {
    const outputs = [file(place('new/file')), file(place('base/new')), folder(place('base more'))];
    await requireApart(outputs, [place('input'), place('base'), place('absent')]);
  });
});
