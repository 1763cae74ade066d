import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../configs/load/loadConfig.js';
import { rateShare } from '../../train/step/update/schedule.js';

/** Learning rates that the study's published runs logged every 10 updates. */
const file = join(process.env['ORACLES'] ?? '../shared/data', 'oracles/study_curves.csv');

describe('the learning rate of the published runs', () => {
  before(function () {
    if (existsSync(file)) return;
    console.log(`skipped: no ${file}`);
    this.skip();
  });

  it('is ours at every logged update, within a part in a million', () => {
    const { optimizer, schedule } = parseConfig({});
    const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1);
    assert.equal(lines.length, 8 * 383);
    for (const line of lines) {
      const [base, step, , , logged] = line.split(',') as [string, string, string, string, string];
      const rate = optimizer.learningRate * rateShare(schedule, Number(step), 3836);
      assert.ok(Math.abs(rate / Number(logged) - 1) < 1e-6, `${base}, update ${step}: ${rate} against ${logged}`);
    }
  });
});
