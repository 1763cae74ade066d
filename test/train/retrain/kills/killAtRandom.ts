import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '../../../../data/random.js';
import { readHistory } from '../../../../train/retrain/history.js';
import { planFolder } from '../../../../train/retrain/planFolder.js';

const script = fileURLToPath(new URL('retrainOnce.ts', import.meta.url));
const start = fileURLToPath(new URL('../../../../setup/start/start.mjs', import.meta.url));
/** Longest time from the first line of a call to its kill: a call takes about as long. */
const longestMs = 500;

/**
 * Retrain in the working folder, which holds a base, a task `one` and a folder `data`, and kill calls at random moments.
 * After each kill the champion must be complete and no line of the history lost or doubled. New data arrives whenever a
 * call got through.
 * @returns how often a call was killed, and how many retrainings ended
 */
export async function killAtRandom(kills: number, seed: number): Promise<{ killed: number; ended: number }> {
  const random = seededRandom('kills', seed);
  let [killed, ended, day] = [0, 0, 0];
  const arrive = () => writeFileSync(`data/${++day}.jsonl`, `{"query":"0.${4 + day}","pos":["p${day}"],"neg":["n"]}\n`);
  arrive();
  while (killed < kills) {
    const isKilled = await call(Math.floor(random() * longestMs));
    if (isKilled) killed++;
    const history = await requireWhole(ended);
    if (history > ended) {
      ended = history;
      if (day < 5) arrive();
    }
  }
  while (ended < day) {
    await call(undefined);
    ended = await requireWhole(ended);
  }
  return { killed, ended };
}

/** @returns whether it was killed before its end */
async function call(afterMs: number | undefined): Promise<boolean> {
  const child = spawn(process.execPath, [start, script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let timer: NodeJS.Timeout | undefined;
  if (afterMs !== undefined)
    child.stdout.once('data', () => (timer = setTimeout(() => child.kill('SIGKILL'), afterMs)));
  child.stdout.resume();
  const [code, signal] = await closed;
  clearTimeout(timer);
  if (signal === null) assert.equal(code, 0);
  return signal !== null;
}

async function requireWhole(before: number): Promise<number> {
  const paths = planFolder('plan');
  const history = await readHistory(paths.history);
  const ids = history.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, 'a line was written twice');
  assert.ok(history.length >= before, 'a line was lost');
  if (existsSync(paths.current)) {
    const champion = join(paths.folder, readlinkSync(paths.current));
    assert.deepEqual(readdirSync(champion).sort(), ['adapter', 'contract.json', 'decision.json', 'proof.json']);
    assert.equal(readFileSync(join(champion, 'adapter/adapter_model.safetensors'), 'utf8').length > 0, true);
  } else assert.equal(history.length, 0);
  return history.length;
}
