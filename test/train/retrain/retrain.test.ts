import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import type { RunCommand } from '../../../train/processes/spawnCommand.js';
import { rollback } from '../../../train/retrain/byHand.js';
import { readHistory } from '../../../train/retrain/history.js';
import { planFolder } from '../../../train/retrain/planFolder.js';
import { retrain } from '../../../train/retrain/retrain.js';
import { writeExampleTask } from '../../eval/exampleTask.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { calm, fakeCommands, plan, task } from './fakes/fakeCommands.js';
import { copyDemoBase } from './fakes/copyDemoBase.js';

describe('retrain', () => {
  const at = useTemporaryFolder();
  const root = process.cwd();
  let nowMs = 0;
  let day = 0;
  beforeEach(async () => {
    process.chdir(at());
    mkdirSync('data');
    await writeExampleTask('one');
    nowMs = Date.UTC(2026, 0, 1);
    day = 0;
  });
  afterEach(() => process.chdir(root));

  const arrive = (quality: number) =>
    writeFileSync(`data/${++day}.jsonl`, `{"query":"${quality}","pos":["p ${day}"],"neg":["n"]}\n`);
  const paths = planFolder('plan');
  const call = (runCommand: RunCommand, changes: Partial<RetrainingPlan> = {}, force = false) => {
    nowMs += 60_000;
    const told = { ...plan, base: copyDemoBase(at('base')), ...changes };
    return retrain({
      ...{ plan: told, paths, tasks: [task], force, clock: () => nowMs, runCommand, signal: calm, say: () => {} },
    });
  };
  const kindOf = async (
    runCommand = fakeCommands().runCommand,
    changes: Partial<RetrainingPlan> = {},
    force = false,
  ) => {
    const end = await call(runCommand, changes, force);
    return end.kind === 'decided' ? end.entries.at(-1)!.outcome : end.kind;
  };
  const current = () => readlinkSync(paths.current);

  it('promotes the first, does nothing without new data, promotes a good one and keeps it against a bad one', async () => {
    arrive(0.5);
    assert.equal(await kindOf(), 'promoted');
    const first = current();
    const idle = fakeCommands();
    assert.equal(await kindOf(idle.runCommand), 'nothing new');
    assert.deepEqual(idle.calls, []);
    arrive(0.6);
    assert.equal(await kindOf(), 'promoted');
    const second = current();
    assert.notEqual(second, first);
    // The worst row decides nothing: quality is the best of the data, so bad data comes instead of the good.
    writeFileSync('data/2.jsonl', '{"query":"0.1","pos":["p 3"],"neg":["n"]}\n');
    assert.equal(await kindOf(), 'kept');
    assert.equal(current(), second);
    assert.deepEqual(
      (await readHistory(paths.history)).map(({ outcome, champion }) => [outcome, `versions/${champion}`]),
      [
        ['promoted', first],
        ['promoted', second],
        ['kept', second],
      ],
    );
    assert.equal(existsSync(paths.attempt), false);
  });

  it('trains without new data when it is forced to, and when a setting changed', async () => {
    arrive(0.5);
    await kindOf();
    assert.equal(await kindOf(fakeCommands().runCommand, {}, true), 'promoted');
    assert.equal(await kindOf(fakeCommands().runCommand, { set: ['optimizer.learningRate=1e-3'] }), 'promoted');
    assert.equal(await kindOf(fakeCommands().runCommand, { set: ['optimizer.learningRate=1e-3'] }), 'nothing new');
  });

  it('goes on after a failed judgement without training again, and begins anew after the third', async () => {
    arrive(0.5);
    const broken = () => fakeCommands((command) => (command === 'eval' ? 1 : 0));
    const [one, two, three] = [broken(), broken(), broken()];
    for (const { runCommand } of [one, two, three])
      await assert.rejects(call(runCommand), /npm run eval failed: it broke/);
    assert.deepEqual(
      one.calls.map((text) => text.split(' ')[0]),
      ['train', 'eval'],
    );
    assert.deepEqual(
      two.calls.map((text) => text.split(' ')[0]),
      ['eval'],
    );
    const last = fakeCommands();
    assert.equal(await kindOf(last.runCommand), 'promoted');
    assert.notEqual(last.calls[0], one.calls[0]);
  });

  it('forgets a retraining whose command blamed the data, so that better data is looked at next', async () => {
    arrive(0.5);
    await assert.rejects(
      call(fakeCommands((command) => (command === 'train' ? 2 : 0)).runCommand),
      /npm run train failed/,
    );
    assert.equal(existsSync(paths.attempt), false);
    assert.equal(existsSync(paths.current), false);
    assert.equal(await kindOf(), 'promoted');
  });

  it('gives a retraining up whose data changed while it was interrupted', async () => {
    arrive(0.5);
    await assert.rejects(call(fakeCommands((command) => (command === 'eval' ? 1 : 0)).runCommand));
    const { data } = JSON.parse(readFileSync(paths.attempt, 'utf8')) as { data: { files: string[] } };
    writeFileSync(data.files[0]!, 'no longer what it was');
    writeFileSync('data/1.jsonl', '{"query":"0.7","pos":["p"],"neg":["n"]}\n');
    assert.equal(await kindOf(), 'promoted');
    assert.deepEqual(
      (await readHistory(paths.history)).map(({ outcome, why }) => [outcome, why]),
      [
        ['given up', 'its training data changed since it began'],
        ['promoted', 'there was no champion, and every floor is reached'],
      ],
    );
  });

  // A full disk ends a training with exit code 2, as a mistake does: hours of it were thrown away, and its run left for ever.
  it('goes on with a training that was refused the disk midway', async () => {
    arrive(0.5);
    const full: RunCommand = async (command, args, onLine, signal) => {
      const end = await fakeCommands().runCommand(command, args, onLine, signal);
      rmSync(`checkpoints/runs/${args[args.indexOf('--run') + 1]}/adapter`, { recursive: true });
      return { ...end, code: 2, reason: 'no space left' };
    };
    await assert.rejects(call(full), /npm run train failed: no space left/);
    const { tries, failure } = JSON.parse(readFileSync(paths.attempt, 'utf8')) as { tries: number; failure: string };
    assert.deepEqual([tries, failure], [1, 'npm run train failed: no space left']);
    const seen: string[][] = [];
    const next = fakeCommands().runCommand;
    assert.equal(
      await kindOf((command, args, ...rest) => (seen.push([...args]), next(command, args, ...rest))),
      'promoted',
    );
    assert.deepEqual(seen[0]!.slice(0, 1).concat(seen[0]!.slice(2)), ['--run', '--resume']);
    assert.equal(readdirSync('checkpoints/runs').length, 1);
  });

  it('writes down what it gives up, and removes its run when no more are kept', async () => {
    arrive(0.5);
    const broken = () => fakeCommands((command) => (command === 'eval' ? 1 : 0)).runCommand;
    for (let time = 0; time < 3; time++) await assert.rejects(call(broken()));
    const [given] = readdirSync('checkpoints/runs');
    assert.equal(await kindOf(fakeCommands().runCommand, { keep: { champions: 1, runs: 0 } }), 'promoted');
    const [gone, promoted] = await readHistory(paths.history);
    assert.deepEqual(
      [gone!.outcome, gone!.run, gone!.why],
      ['given up', given, 'it failed 3 times, at last so: npm run eval failed: it broke'],
    );
    assert.deepEqual(readdirSync('checkpoints/runs'), [promoted!.run]);
  });

  it('looks for new data after it ended an interrupted retraining, and tells of both', async () => {
    arrive(0.5);
    await assert.rejects(call(fakeCommands((command) => (command === 'export' ? 1 : 0)).runCommand));
    arrive(0.6);
    const end = await call(fakeCommands().runCommand);
    assert.deepEqual(end.kind === 'decided' && end.entries.map(({ outcome, data }) => [outcome, data!.rows]), [
      ['promoted', 1],
      ['promoted', 2],
    ]);
  });

  it('judges a challenger again when the champion changed between its judgement and its promotion', async () => {
    for (const quality of [0.5, 0.6]) {
      arrive(quality);
      await kindOf();
    }
    const first = (await readHistory(paths.history))[0]!.run;
    arrive(0.55); // the best of the data stays 0.6
    await assert.rejects(call(fakeCommands((command) => (command === 'export' ? 1 : 0)).runCommand));
    await rollback({ ...plan, base: at('base') }, paths, first);
    const again = fakeCommands();
    assert.equal(await kindOf(again.runCommand), 'promoted');
    assert.deepEqual(
      again.calls.map((text) => text.split(' ')[0]),
      ['eval', 'eval', 'export'],
    );
    assert.deepEqual((await readHistory(paths.history)).at(-1)!.decision!.results[0]!.champion, 0.5);
  });

  it('takes a name that is free when the clock was set back to the moment of an earlier run', async () => {
    arrive(0.5);
    await kindOf();
    nowMs -= 60_000;
    arrive(0.6);
    nowMs -= 60_000 * 2;
    assert.equal(await kindOf(), 'promoted');
    const [one, two] = await readHistory(paths.history);
    assert.notEqual(one!.run, two!.run);
    assert.ok(two!.seconds!.wall >= 0 && two!.seconds!.work >= 0);
  });

  it('says of a champion whose folder is gone, or that is no link, what to do', async () => {
    arrive(0.5);
    await kindOf();
    rmSync(paths.champions, { recursive: true });
    await assert.rejects(call(fakeCommands().runCommand), /the champion .* is not there any more; put it back, choose/);
    rmSync(paths.current);
    mkdirSync(paths.current);
    await assert.rejects(
      call(fakeCommands().runCommand),
      /current must be a link to a champion; remove what is in its/,
    );
  });

  it('refuses too few rows and rows that ask what the gate asks, before anything is trained', async () => {
    arrive(0.5);
    const idle = fakeCommands();
    await assert.rejects(
      call(idle.runCommand, { checks: { ...plan.checks, leastRows: 2 } }),
      /checks\.leastRows asks for 2 training rows; got 1/,
    );
    writeFileSync('data/2.jsonl', '{"query":"First!","pos":["p"],"neg":["n"]}\n'); // the task asks `first`
    await assert.rejects(
      call(idle.runCommand),
      /1 of 2 training rows ask what task one of the gate asks, such as "First!"; checks\.mostOverlap accepts 0 of them/,
    );
    assert.deepEqual(idle.calls, []);
  });

  it('keeps the champion, as many before it and as many other runs as the plan says, and removes only its own', async () => {
    mkdirSync('checkpoints/runs/plan-of-another', { recursive: true });
    mkdirSync('checkpoints/runs/mine', { recursive: true });
    for (const quality of [0.5, 0.6, 0.7, 0.8]) {
      arrive(quality);
      await kindOf();
    }
    const champions = (await readHistory(paths.history)).map(({ run }) => run);
    // keep.champions is 1 and keep.runs is 1: the champion, the one before it, and the newest of the others.
    assert.deepEqual(readdirSync('checkpoints/runs').sort(), ['mine', 'plan-of-another', ...champions.slice(1)].sort());
    assert.deepEqual(readdirSync(paths.champions).sort(), champions.slice(2).sort());
  });
});
