/**
 * Run by hand: `node --import tsx test/train/ranks/killRanks.ts KILLS SEED`. One tiny run over two ranks, of which a random
 * one, or the command that launched them, is killed or stopped at a random moment, again and again, until the run has
 * come through so many of these. After each, all of them must be gone within the heartbeat limit and some, having said
 * why once. In the end the adapter must be that of a run that was never touched.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
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
    const afterMs = survived < kills ? random() * wholeMs : Infinity;
    const how = random() < 0.25 ? ('SIGSTOP' as const) : ('SIGKILL' as const);
    let victim = '';
    let ranks: number[] = [];
    const timer =
      afterMs < Infinity &&
      setTimeout(() => {
        ranks = ranksOf(child.pid!);
        const who = Math.floor(random() * (how === 'SIGSTOP' ? 2 : 3));
        const rank = ranks[who]; // they may not be there yet; a launcher that is stopped only waits
        victim = rank === undefined ? 'SIGKILL to the launcher' : `${how} to rank ${who}`;
        process.kill(rank ?? child.pid!, rank === undefined ? 'SIGKILL' : how);
      }, afterMs);
    const { code, errors } = await finished;
    if (timer) clearTimeout(timer);
    isEnded = code === 0;
    if (isEnded) continue;
    survived++;
    console.log(
      `${survived}: ${victim} after ${Math.round(afterMs)} ms, exit ${code}: ${errors.trim().split('\n').at(-1)}`,
    );
    if (victim !== 'SIGKILL to the launcher') assert.equal(errors.split(/^error: /m).length, 2, errors);
    const untilMs = Date.now() + 1000 * (heartbeatSeconds + savingSeconds);
    while (ranks.some(isAlive) && Date.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(ranks.filter(isAlive), [], 'a rank is left over');
  }
  assert.ok(adapterOf(`run-${run}`).equals(adapterOf('whole')), 'the adapters differ');
}
console.log(`${survived} kills; every adapter is that of the run that was never touched`);
rmSync(folder, { recursive: true });
process.exit(0);
