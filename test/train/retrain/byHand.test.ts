import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { promoteByHand, rollback } from '../../../train/retrain/byHand.js';
import { predecessors } from '../../../train/retrain/champion/predecessors.js';
import { readHistory, type HistoryEntry } from '../../../train/retrain/history.js';
import { planFolder } from '../../../train/retrain/planFolder.js';
import { retrain } from '../../../train/retrain/retrain.js';
import { outlook } from '../../../train/retrain/tell/outlook.js';
import { readNotices } from '../../../train/retrain/tell/notify.js';
import { filesBelow } from '../../../data/files/filesBelow.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { writeExampleTask } from '../../eval/exampleTask.js';
import { copyDemoBase } from './fakes/copyDemoBase.js';
import { calm, fakeCommands, plan as anyPlan, task } from './fakes/fakeCommands.js';
import { writeRows } from './fakes/writeRows.js';

describe('the champions before', () => {
  const line = (...entries: [outcome: HistoryEntry['outcome'], run: string][]) =>
    predecessors(
      entries.map(([outcome, run], index) => ({
        ...{ id: `${index}`, time: '', outcome, run, champion: run, why: '', version: '' },
      })),
    );

  it('are those that were promoted, the latest first', () => {
    assert.deepEqual(line(), []);
    assert.deepEqual(line(['promoted', 'a'], ['kept', 'x'], ['promoted', 'b'], ['given up', 'y'], ['promoted', 'c']), [
      'b',
      'a',
    ]);
  });

  // `--rollback previous`, given twice, once put the champion back that the first had taken away.
  it('are not those that were rolled back from', () => {
    assert.deepEqual(line(['promoted', 'a'], ['promoted', 'b'], ['promoted', 'c'], ['rolled back', 'b']), ['a']);
    assert.deepEqual(line(['promoted', 'a'], ['promoted', 'b'], ['rolled back', 'a'], ['promoted by hand', 'b']), [
      'a',
    ]);
  });
});

describe("a person's word", () => {
  const at = useTemporaryFolder();
  const root = process.cwd();
  const paths = planFolder('plan');
  let plan: RetrainingPlan;
  beforeEach(async () => {
    process.chdir(at());
    mkdirSync('data');
    await writeExampleTask('one');
    plan = { ...anyPlan, base: copyDemoBase(at('base')), keep: { champions: 2, runs: 1 }, notify: 'true' };
    let nowMs = Date.UTC(2026, 0, 1);
    for (const day of [1, 2, 3]) {
      writeRows(`data/${day}.jsonl`, [0.4 + 0.1 * day]);
      const { runCommand } = fakeCommands();
      const clock = () => (nowMs += 60_000);
      await retrain({ plan, paths, tasks: [task], force: false, clock, runCommand, signal: calm, say: () => {} });
    }
  });
  afterEach(() => process.chdir(root));
  const runs = async () => (await readHistory(paths.history)).map(({ run }) => run);
  const steps = () => ({ runCommand: fakeCommands().runCommand, signal: calm, say: () => {} });

  it('puts the champion before back, and said again the one before that', async () => {
    const [a, b, c] = await runs();
    assert.equal(readlinkSync(paths.current), `versions/${c}`);
    assert.equal(await rollback(plan, paths, 'previous', 'slow'), b);
    assert.equal(await rollback(plan, paths, 'previous'), a);
    assert.equal(readlinkSync(paths.current), `versions/${a}`);
    await assert.rejects(
      rollback(plan, paths, 'previous'),
      new RegExp(`keeps no earlier champion; it keeps ${b}, ${c}`),
    );
    assert.equal(await rollback(plan, paths, c!), c);
    assert.deepEqual(
      (await readHistory(paths.history)).slice(3).map(({ outcome, champion, why }) => [outcome, champion, why]),
      [
        ['rolled back', b, 'slow'],
        ['rolled back', a, 'by hand'],
        ['rolled back', c, 'by hand'],
      ],
    );
    // A server that loads the champion is told of each of them.
    assert.equal((await readNotices(paths.notices)).filter(({ entry }) => entry.outcome === 'rolled back').length, 3);
  });

  it('is refused for a champion without the form that is published now, and makes it where it is promoted', async () => {
    const [, b, c] = await runs();
    const merged: RetrainingPlan = { ...plan, publish: 'merged' };
    await assert.rejects(
      rollback(merged, paths, 'previous'),
      new RegExp(`champion ${b} was published without merged/`),
    );
    await assert.rejects(promoteByHand(merged, paths, c!, 'why', steps()), /is in use without merged\//);
    await promoteByHand(merged, paths, b!, 'why', steps());
    assert.equal(readFileSync(join(paths.current, 'merged/adapter_model.safetensors'), 'utf8'), b);
  });

  it('is not needed to know what a call would do: that writes nothing', async () => {
    const before = await filesBelow(at());
    const idle = await outlook(plan, paths, Date.UTC(2026, 1, 1));
    assert.deepEqual([idle.isNew, idle.rows, idle.removed], [false, 3, { promoted: [], kept: [] }]);
    writeRows('data/4.jsonl', [0.9]);
    const [a] = await runs();
    const { isNew, rows, toImport, removed } = await outlook(plan, paths, Date.UTC(2026, 1, 1));
    assert.deepEqual([isNew, rows, toImport], [true, 3, ['data/4.jsonl']]);
    // Two champions before the one in use are kept: promoted, the first one's folder goes; its run is the one other kept.
    assert.deepEqual(removed, { promoted: [paths.champion(a!)], kept: [] });
    assert.deepEqual((await filesBelow(at())).filter((file) => !file.endsWith('4.jsonl')).sort(), before.sort());
  });
});
