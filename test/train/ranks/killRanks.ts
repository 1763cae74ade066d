/**
 * Run by hand: `node --import tsx test/train/ranks/killRanks.ts KILLS SEED`. Tiny runs over two ranks, of which a random
 * one, or the command that launched them, is killed or stopped at a random moment of the command, or of its updates,
 * again and again, until runs have come through so many of these. After each, all of them must be gone within the
 * heartbeat limit and some, having said why once. In the end every adapter must be that of a run that was never touched.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { seededRandom } from '../../../data/random.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { startCommand } from '../../runCommand.js';
import { makeTinyRun, tinySettings } from '../../tinyRun.js';
import { ranksOf } from './ranksOf.js';

const [kills = 20, seed = 1] = process.argv.slice(2).map(Number);
const heartbeatSeconds = 5;
/** After the heartbeat limit: what the launcher gives the others to save. */
const savingSeconds = 45;

await startEngine();
const folder = await makeTinyRun();
const random = seededRandom('kill ranks', seed);
const started = ['--base', 'base', '--data', 'train.arrow', ...tinySettings, '--ranks', '2'];
const environment = { TERCET_HEARTBEAT_SECONDS: String(heartbeatSeconds) };
const adapterOf = (run: string) =>
  readFileSync(join(folder, 'checkpoints/runs', run, 'adapter/adapter_model.safetensors'));
const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

const begunMs = Date.now();
assert.equal(
  (await startCommand('train/command.ts', [...started, '--run', 'whole'], folder, environment).finished).code,
  0,
);
const wholeMs = Date.now() - begunMs;
let survived = 0;
for (let run = 0; survived < kills; run++) {
  for (let isEnded = false; !isEnded;) {
    const { child, finished } = startCommand(
      'train/command.ts',
      [...started, '--run', `run-${run}`],
      folder,
      environment,
    );
    const how = random() < 0.25 ? ('SIGSTOP' as const) : ('SIGKILL' as const);
    const moment = random() < 0.5 ? ('start' as const) : ('update' as const);
    const share = random();
    const who = Math.floor(random() * (how === 'SIGSTOP' ? 2 : 3)); // a launcher that is stopped only waits
    let victim = '';
    let ranks: number[] = [];
    let isOver = survived >= kills;
    const kill = async () => {
      if (moment === 'start') await setTimeout(share * wholeMs);
      else await madeMore(`run-${run}`, 12 * share, () => isOver);
      if (isOver) return;
      ranks = ranksOf(child.pid!);
      const rank = ranks[who]; // they may not be there yet
      if (rank === undefined) child.kill('SIGKILL');
      else if (existsSync(`/proc/${rank}`)) process.kill(rank, how);
      victim = rank === undefined ? 'SIGKILL to the launcher' : `${how} to rank ${who}`;
      victim += ` after update ${updatesOf(`run-${run}`)}`;
    };
    const killing = kill();
    const { code, errors } = await finished;
    isOver = true;
    await killing;
    isEnded = code === 0;
    if (isEnded) continue;
    survived++;
    const seconds = Math.round((Date.now() - begunMs) / 1000);
    console.log(`${seconds} s, ${survived}: ${victim}, exit ${code}: ${errors.trim().split('\n').at(-1)}`);
    assert.notEqual(victim, '', errors);
    if (!victim.startsWith('SIGKILL to the launcher')) assert.equal(errors.split(/^error: /m).length, 2, errors);
    const untilMs = Date.now() + 1000 * (heartbeatSeconds + savingSeconds);
    while (ranks.some(isAlive) && Date.now() < untilMs) await setTimeout(100);
    assert.deepEqual(ranks.filter(isAlive), [], 'a rank is left over');
  }
  assert.ok(adapterOf(`run-${run}`).equals(adapterOf('whole')), 'the adapters differ');
}
console.log(`${survived} kills; every adapter is that of the run that was never touched`);
rmSync(folder, { recursive: true });
process.exit(0);

/** Return somewhere in the midst of an update, so many updates from now. */
async function madeMore(run: string, updates: number, isOver: () => boolean): Promise<void> {
  const wanted = updatesOf(run) + Math.floor(updates);
  while (updatesOf(run) < wanted && !isOver()) await setTimeout(5);
  await setTimeout((updates % 1) * 200);
}

function updatesOf(run: string): number {
  const log = join(folder, 'checkpoints/runs', run, 'log.jsonl');
  return existsSync(log) ? readFileSync(log, 'utf8').split('"event":"step"').length - 1 : 0;
}
