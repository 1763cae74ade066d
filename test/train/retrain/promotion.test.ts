import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { explainSystemFailure } from '../../../configs/cli/explainSystemFailure.js';
import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { UserError } from '../../../configs/userError.js';
import { readAttempt, type Attempt } from '../../../train/retrain/attempt.js';
import { rollback } from '../../../train/retrain/byHand.js';
import { readHistory } from '../../../train/retrain/history.js';
import { planFolder } from '../../../train/retrain/planFolder.js';
import { finishDecided, retrain } from '../../../train/retrain/retrain.js';
import { settle, type Settling } from '../../../train/retrain/settle.js';
import { readNotices } from '../../../train/retrain/tell/notify.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { writeExampleTask } from '../../eval/exampleTask.js';
import { copyDemoBase } from './fakes/copyDemoBase.js';
import { calm, fakeCommands, plan as anyPlan, task } from './fakes/fakeCommands.js';
import { withFailingWrite } from './fakes/failingWrites.js';
import { writeRows } from './fakes/writeRows.js';

/** A full disk, a disk that became read-only, a folder that may not be written. */
const failures = ['ENOSPC', 'EROFS', 'EACCES'];

describe('a promotion whose disk fails', function () {
  this.timeout(300_000);
  const at = useTemporaryFolder();
  const root = process.cwd();
  const paths = planFolder('plan');
  // One champion before the one in use is kept, so that a third promotion removes the first.
  const plan: RetrainingPlan = { ...anyPlan, keep: { champions: 1, runs: 0 }, notify: 'true' };
  let nowMs = Date.UTC(2026, 0, 1);
  const work = (): Settling => ({
    ...{ plan, paths, runCommand: fakeCommands().runCommand, signal: calm, say: () => {} },
    clock: () => (nowMs += 60_000),
  });
  beforeEach(() => process.chdir(at()));
  afterEach(() => process.chdir(root));

  /** Two champions and a third challenger that is to be promoted. */
  async function prepare(): Promise<{ attempt: Attempt; before: string[] }> {
    mkdirSync('home/data', { recursive: true });
    process.chdir('home');
    await writeExampleTask('one');
    const told = { ...plan, base: copyDemoBase(at('base')) };
    for (const day of [1, 2, 3]) {
      writeRows(`data/${day}.jsonl`, [0.4 + 0.1 * day]);
      const fails = day === 3 ? (command: string) => Number(command === 'export') : undefined;
      const call = { ...work(), plan: told, tasks: [task], force: false, runCommand: fakeCommands(fails).runCommand };
      const end = retrain(call);
      await (day < 3 ? end : assert.rejects(end, /npm run export failed/));
    }
    rmSync(paths.notices, { recursive: true });
    const before = (await readHistory(paths.history)).map(({ run }) => run);
    assert.equal(before.length, 2);
    const attempt = (await readAttempt(paths.attempt))!;
    assert.equal(attempt.decision?.outcome, 'promote');
    process.chdir('..');
    return { attempt, before };
  }

  function requireWhole(runs: readonly string[]): string {
    const current = readlinkSync(paths.current);
    const run = current.split('/').at(-1)!;
    assert.ok(runs.includes(run), current);
    const folder = join(paths.folder, current);
    assert.deepEqual(readdirSync(folder).sort(), ['adapter', 'contract.json', 'decision.json', 'proof.json']);
    assert.ok(readFileSync(join(folder, 'adapter/adapter_model.safetensors'), 'utf8').length > 0);
    for (const name of ['decision.json', 'proof.json']) JSON.parse(readFileSync(join(folder, name), 'utf8'));
    return run;
  }

  const isExplained = (error: unknown) => error instanceof UserError || explainSystemFailure(error) !== undefined;

  it('leaves a complete champion and a whole history at every write, and the next call ends it', async () => {
    const { attempt, before } = await prepare();
    const runs = [before[1]!, attempt.run];
    const told = new Set<string>();
    let count = Infinity;
    for (const code of failures)
      for (let write = 0; write < count; write++) {
        cpSync('home', 'try', { recursive: true, verbatimSymlinks: true });
        process.chdir('try');
        let failed: Error | undefined;
        const made = withFailingWrite(write, code, () =>
          settle(work(), attempt).catch((error: Error) => (failed = error)),
        );
        const names = await made;
        const where = `${code} at write ${write}, ${names[write]}`;
        if (names.length <= write) count = write;
        if (failed !== undefined) assert.ok(isExplained(failed), `${where}: ${String(failed)}`);
        if (names[write] !== undefined) told.add(names[write]!);
        const run = requireWhole(runs);
        const ids = (await readHistory(paths.history)).map(({ id }) => id);
        assert.deepEqual(ids.slice(0, 2), before, where);
        assert.ok(ids.length === 2 || (ids.length === 3 && run === attempt.run), where);
        if (existsSync(paths.attempt)) await settle(work(), attempt);
        assert.equal(requireWhole([attempt.run]), attempt.run);
        assert.deepEqual(
          (await readHistory(paths.history)).map(({ id }) => id),
          [...before, attempt.id],
          where,
        );
        assert.deepEqual(
          (await readNotices(paths.notices)).map(({ entry }) => entry.id),
          [attempt.id],
          where,
        );
        assert.ok(!existsSync(paths.attempt), where);
        process.chdir('..');
        rmSync('try', { recursive: true });
      }
    // The test is worth what it made fail.
    assert.ok(count > 20, `only ${count} writes`);
    for (const name of ['open', 'mkdir', 'rm', 'rename', 'symlink', 'copyFile', 'sync', 'appendFile', 'writeFile'])
      assert.ok(told.has(name), `${name} was never made to fail`);
  });

  it("carries a person's word out at the next call, wherever its disk failed", async () => {
    const { before } = await prepare();
    rmSync(join('home', paths.attempt));
    let count = Infinity;
    for (let write = 0; write < count; write++) {
      cpSync('home', 'try', { recursive: true, verbatimSymlinks: true });
      process.chdir('try');
      let failed: Error | undefined;
      const back = () => rollback(plan, paths, 'previous', 'it was slow').catch((error: Error) => (failed = error));
      const names = await withFailingWrite(write, 'ENOSPC', back);
      if (names.length <= write) count = write;
      if (failed !== undefined) assert.ok(isExplained(failed), String(failed));
      requireWhole(before);
      await finishDecided(work());
      const lines = await readHistory(paths.history);
      const isSaid = lines.length === 3;
      assert.equal(requireWhole(before), isSaid ? before[0] : before[1], `write ${write}, ${names[write]}`);
      if (isSaid) assert.deepEqual([lines[2]!.outcome, lines[2]!.why], ['rolled back', 'it was slow']);
      else assert.equal(lines.length, 2);
      process.chdir('..');
      rmSync('try', { recursive: true });
    }
    assert.ok(count > 5, `only ${count} writes`);
  });
});
