import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHistory } from '../../../../train/retrain/history.js';
import { planFolder } from '../../../../train/retrain/planFolder.js';
import { writeExampleTask } from '../../../eval/exampleTask.js';
import { copyDemoBase } from '../fakes/copyDemoBase.js';
import { killAtRandom } from './killAtRandom.js';

/** `TERCET_TEST_KILLS=50 npx mocha FILE` takes minutes. */
const kills = Number(process.env['TERCET_TEST_KILLS'] ?? 4);

describe('a retraining killed at random', () => {
  it('ends as one that never was: each day in the history once, the best of them in use', async function () {
    this.timeout(60_000 + kills * 20_000);
    const root = process.cwd();
    const home = mkdtempSync(join(tmpdir(), 'tercet-kills-'));
    process.chdir(home);
    try {
      mkdirSync('data');
      await writeExampleTask('one');
      copyDemoBase('base');
      const { killed, ended } = await killAtRandom(kills, 1);
      assert.ok(killed >= kills);
      const paths = planFolder('plan');
      const history = await readHistory(paths.history);
      assert.equal(history.length, ended);
      // Every day brings a better row than all before, so every challenger is promoted.
      assert.deepEqual(
        history.map(({ outcome }) => outcome),
        Array(ended).fill('promoted'),
      );
      assert.deepEqual(readdirSync(paths.folder).sort(), ['current', 'history.jsonl', 'plan.txt', 'versions']);
    } finally {
      process.chdir(root);
      rmSync(home, { recursive: true, force: true });
    }
  });
});
