import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkout, type engineFolder } from '../../../setup/folder/engineFolder.mjs';

type Place = ReturnType<typeof engineFolder>;

describe('the place of the engine', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tercet-engine-folder-'));
    for (const name of ['setup', 'model/engine/fused'])
      cpSync(join(checkout, name), join(folder, name), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const place = async (): Promise<Place> =>
    (
      (await import(pathToFileURL(join(folder, 'setup/folder/engineFolder.mjs')).href)) as { engineFolder(): Place }
    ).engineFolder();

  // A number raised by hand stood in the name; an edit that forgot it went on with the library compiled before.
  for (const source of [
    'model/engine/fused/norm.cc',
    'model/engine/fused/vector.h',
    'model/engine/fused/lowRank/in.cc',
    'setup/binding/build.mjs',
    'setup/binding/context.cc',
    'setup/binding/card.cc',
    'setup/binding/holdStderr.cc',
  ])
    it(`names another binding once ${source} has changed, so that it is compiled again`, async () => {
      const before = await place();
      assert.deepEqual(await place(), before);
      appendFileSync(join(folder, source), '// changed\n');
      const after = await place();
      for (const file of ['binding', 'bindingRecord', 'holdStderr', 'fusedOps'] as const)
        assert.notEqual(after[file], before[file], file);
      assert.equal(after.libraryRecord, before.libraryRecord);
    });
});
