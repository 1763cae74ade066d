import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEngine } from '../../../model/engine/startEngine.js';
import { runCommand } from '../../runCommand.js';
import { makeTinyRun } from '../../tinyRun.js';

describe('npm run study', function () {
  this.timeout(120_000);
  let folder: string;

  before(async () => {
    await startEngine();
    folder = await makeTinyRun();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  // The cells trained on the part that was there.
  it('refuses one of several parts of its training data before the first cell', async () => {
    const study = [
      'name: own',
      'bases: [./base]',
      'settings: [{ name: tuned, recipe: demo }]',
      'data: [rows-00000-of-00002.arrow]',
      'tasks: [./tasks/animals]',
    ];
    writeFileSync(join(folder, 'own.yaml'), study.join('\n'));
    const { code, errors } = await runCommand('train/command/study.ts', ['own.yaml'], folder);
    assert.equal(code, 2, errors);
    assert.match(
      errors.trim().split('\n').at(-1)!,
      /^error: .*rows is not whole: of its 2 parts rows-00001-of-00002\.arrow/,
    );
  });
});
