import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { removeOwnFolder, requireOwnFolder } from '../../../data/files/ownFolder.js';
import { partialName } from '../../../data/files/writeBeside.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

const own = /^(rows|tables\/\w+\.json)$/;

describe('a folder of a command', () => {
  const place = useTemporaryFolder();
  beforeEach(async () => {
    await mkdir(place('made/tables'), { recursive: true });
    for (const name of ['rows', 'tables/a.json', partialName('rows')]) await writeFile(place(`made/${name}`), '');
  });

  it('is known by what lies in it, half written files among that', async () => {
    await requireOwnFolder(place('made'), own);
    await requireOwnFolder(place('absent'), own);
    assert.equal(await removeOwnFolder(place('made'), own), true);
    assert.ok(!existsSync(place('made')));
  });

  for (const foreign of ['notes.txt', 'tables/b.txt', 'rows.bak'])
    it(`stays when somebody put ${foreign} there`, async () => {
      await writeFile(place(`made/${foreign}`), 'mine');
      await assert.rejects(requireOwnFolder(place('made'), own), {
        name: 'UserError',
        message: /, which this command/,
      });
      assert.equal(await removeOwnFolder(place('made'), own), false);
      assert.ok(existsSync(place('made/rows')));
    });

  it('is no file', async () => {
    await assert.rejects(requireOwnFolder(place('made/rows'), own), /is a file; name a folder/);
    assert.equal(await removeOwnFolder(place('made/rows'), own), false);
  });
});
