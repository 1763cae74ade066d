// Six days of a retraining with the real commands, on the demonstration's base and text: run by hand, it takes half an
// hour or so.   node --import tsx test/retraining/days.ts [KILLS]
// Day 1 promotes, day 2 brings nothing, day 3 good data, day 4 poisoned data, day 5 two calls at once, day 6 kills.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openExamples } from '../../data/arrow/openExamples.js';
import type { Example } from '../../data/example/example.js';
import { seededRandom } from '../../data/random.js';
import { prepareDemonstration } from '../../eval/demonstration.js';
import { planFolder } from '../../train/retrain/planFolder.js';

const kills = Number(process.argv[2] ?? 50);
const work = resolve('test/retraining/.work');
const incoming = join(work, 'incoming');
const planFile = join(work, 'six-days.yaml');
const place = planFolder('six-days');
const random = seededRandom('six days');

for (const folder of [work, place.folder, place.data]) rmSync(folder, { recursive: true, force: true });
mkdirSync(incoming, { recursive: true });
writeFileSync(
  planFile,
  `base: demo
data: [${JSON.stringify(incoming)}]
set: [training.steps=24, schedule.warmupSteps=4, training.saveEverySteps=4]
gate: { tasks: [demo-general, demo-code], rule: not-worse, margin: 0.03, floors: { demo-general: 0.03 } }
keep: { champions: 1, runs: 1 }
notify: cat >> ${JSON.stringify(join(work, 'notified.jsonl'))}
metrics: ${JSON.stringify(join(work, 'six-days.prom'))}
`,
);

const [general, code] = await prepareDemonstration(() => {});
const good = [...(await rowsOf(general!)), ...(await rowsOf(code!))];
for (let at = good.length - 1; at > 0; at--) {
  const other = Math.floor(random() * (at + 1));
  [good[at], good[other]] = [good[other]!, good[at]!];
}

arrive('day-1', good.slice(0, 6000));
await expectDay('day 1: no champion yet', 0, 'promoted');
const first = readlinkSync(place.current);

const idle = await expectDay('day 2: nothing new', 0, 'nothing new');
assert.ok(idle.seconds < 5, `it took ${idle.seconds} s`);

arrive('day-3', good.slice(6000, 12000));
await expectDay('day 3: good data', 0, 'promoted');
const second = readlinkSync(place.current);
assert.notEqual(second, first);

const poisoned = good
  .slice(0, 19000)
  .map(({ query }, at) => ({ ...good[(at + 7001) % good.length]!, query: `${query} ` }));
arrive('day-4', poisoned);
await expectDay('day 4: poisoned data', 3, 'found worse');
assert.equal(readlinkSync(place.current), second);

rmSync(join(incoming, 'day-4.jsonl'));
arrive('day-5', good.slice(12000, 14000));
const both = await Promise.all([call(), call()]);
report('day 5: two at once', both);
assert.deepEqual(both.map(({ code }) => code).sort(), [0, 4]);

arrive('day-6', good.slice(14000, 16000));
let killed = 0;
while (killed < kills) {
  const end = await call(1000 + random() * 20_000);
  if (end.code === null) killed++;
  else if (end.said.includes('nothing new')) arrive(`day-6-${killed}`, good.slice(16000 + killed, 16010 + killed));
  requireWhole();
}
const last = await call();
assert.equal(last.code === 0 || last.code === 3, true, last.said);
requireWhole();
console.log(`day 6: ${killed} kills, ${historyIds().length} decisions, current ${readlinkSync(place.current)}`);
console.log(readFileSync(join(work, 'six-days.prom'), 'utf8'));

interface End {
  code: number | null;
  said: string;
  seconds: number;
}

async function expectDay(name: string, code: number, words: string): Promise<End> {
  const end = await call();
  report(name, [end]);
  assert.equal(end.code, code);
  assert.ok(end.said.includes(words), end.said);
  requireWhole();
  return end;
}

function call(killAfterMs?: number): Promise<End> {
  const startMs = Date.now();
  const args = ['--import', 'tsx', 'train/command/retrain.ts', planFile];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (said += piece));
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  return new Promise((done) =>
    child.on('close', (code) => {
      clearTimeout(timer);
      done({ code, said, seconds: (Date.now() - startMs) / 1000 });
    }),
  );
}

function report(name: string, ends: readonly End[]): void {
  for (const { code, said, seconds } of ends)
    console.log(`${name}: exit ${code}, ${seconds.toFixed(1)} s: ${said.trim().split('\n').at(-1)}`);
}

/** The champion is complete, and no decision stands twice in the history or was lost. */
let known: string[] = [];
function requireWhole(): void {
  const ids = historyIds();
  assert.deepEqual(ids.slice(0, known.length), known);
  assert.equal(new Set(ids).size, ids.length);
  known = ids;
  if (!existsSync(place.current)) return;
  for (const name of ['adapter/adapter_model.safetensors', 'contract.json', 'decision.json', 'proof.json'])
    assert.ok(existsSync(join(place.current, name)), name);
}

function historyIds(): string[] {
  if (!existsSync(place.history)) return [];
  const lines = readFileSync(place.history, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { id: string }).id);
}

async function rowsOf(path: string): Promise<Example[]> {
  const file = await openExamples(path);
  const rows: Example[] = [];
  for (let batch = 0; batch < file.batchRows.length; batch++) rows.push(...(await file.read(batch)));
  await file.close();
  return rows;
}

function arrive(name: string, rows: readonly Example[]): void {
  const text = ({ title, text }: { title: string; text: string }) => `${title} ${text}`.trim();
  const lines = rows.map(({ query, positives, negatives }) =>
    JSON.stringify({ query, pos: positives.map(text), neg: negatives.map(text) }),
  );
  writeFileSync(join(incoming, `${name}.jsonl`), `${lines.join('\n')}\n`);
}
