// Six days of a retraining with the real commands, on the demonstration's base and part of its text: run by hand, it takes
// half an hour or so.   node --import tsx test/retraining/days.ts [KILLS]
// Day 1 promotes, day 2 brings nothing, day 3 good data, day 4 poisoned data, day 5 two calls at once, day 6 kills.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { openExamples } from '../../data/arrow/openExamples.js';
import type { Example } from '../../data/example/example.js';
import { seededRandom } from '../../data/random.js';
import { readBeir, writeBeir } from '../../data/task/beir.js';
import { prepareMade } from '../../eval/demonstration/madeData.js';
import { planFolder } from '../../train/retrain/planFolder.js';

const kills = Number(process.argv[2] ?? 50);
const work = resolve('test/retraining/.work');
const incoming = join(work, 'incoming');
const planFile = join(work, 'six-days.yaml');
const paths = planFolder('six-days');
const random = seededRandom('six days');
const args = ['setup/start/start.mjs', 'train/command/retrain.ts', planFile];
/** Decisions in the history when it was last looked at. */
let known: string[] = [];

const ownRuns = () =>
  existsSync('checkpoints/runs') ? readdirSync('checkpoints/runs').filter((name) => name.startsWith('six-days-')) : [];
const ofEarlierTimes = ownRuns().map((name) => join('checkpoints/runs', name));
for (const folder of [work, paths.folder, paths.data, ...ofEarlierTimes])
  rmSync(folder, { recursive: true, force: true });
mkdirSync(incoming, { recursive: true });
writeFileSync(
  planFile,
  `base: demo
data: [${JSON.stringify(incoming)}]
set: [training.steps=16, training.queriesPerPool=12, schedule.warmupSteps=3, training.saveEverySteps=1]
# So short a training on good data comes out anywhere within a tenth; 150 queries leave half of that open besides.
gate: { tasks: [${JSON.stringify(join(work, 'gate'))}], rule: not-worse, margin: 0.12 }
keep: { champions: 1, runs: 1 }
notify: cat >> ${JSON.stringify(join(work, 'notified.jsonl'))}
metrics: ${JSON.stringify(join(work, 'six-days.prom'))}
`,
);

const [, code] = await prepareMade('demonstration', (what) => console.log(what));
await writeGate('data/cache/demo/tasks/code', 150, 350);
const good = await rowsOf(code!);
const share = (from: number, to: number) => good.slice(from * good.length, to * good.length);
for (let at = good.length - 1; at > 0; at--) {
  const other = Math.floor(random() * (at + 1));
  [good[at], good[other]] = [good[other]!, good[at]!];
}

arrive('day-1', share(0, 0.3));
await expectDay('day 1: no champion yet', 0, 'promoted');
const first = readlinkSync(paths.current);

await expectDay('day 2: nothing new', 0, 'nothing new');
const idleSeconds = processorSeconds();
const isBusy = loadavg()[0]! > availableParallelism();
console.log(
  `day 2: ${idleSeconds.toFixed(1)} s of the processor${isBusy ? '; the machine is busy, so that says little' : ''}`,
);
assert.ok(isBusy || idleSeconds < 5);

arrive('day-3', share(0.3, 0.6));
await expectDay('day 3: good data', 0, 'promoted');
const second = readlinkSync(paths.current);
assert.notEqual(second, first);

// Every query with the positive of another, as a mistake in what fills the folder would do it.
const poisoned = share(0, 0.6).map(({ query }, at) => ({ ...good[(at + 1001) % good.length]!, query }));
for (const name of ['day-1', 'day-3']) rmSync(join(incoming, `${name}.jsonl`));
arrive('day-4', poisoned);
await expectDay('day 4: poisoned data', 3, 'found worse');
assert.equal(readlinkSync(paths.current), second);

rmSync(join(incoming, 'day-4.jsonl'));
arrive('day-1', share(0, 0.3));
arrive('day-3', share(0.3, 0.6));
arrive('day-5', share(0.6, 0.75));
const both = await Promise.all([call(), call()]);
report('day 5: two at once', both);
assert.deepEqual(both.map(({ code }) => code).sort(), [0, 4]);
requireWhole();

arrive('day-6', share(0.75, 0.9));
let killed = 0;
const longestMs = 1000 * Math.min(60, Math.max(...both.map(({ seconds }) => seconds)));
while (killed < kills) {
  const end = await call(random() * longestMs);
  if (end.code === null) killed++;
  // 4: what the killed call had started is saving still.
  else assert.ok([0, 3, 4].includes(end.code), `exit ${end.code}: ${end.said}`);
  if (end.said.includes('nothing new'))
    arrive(`day-6-${killed}`, share(0.9 + killed / 1000, 0.9 + (killed + 10) / 1000));
  requireWhole();
  console.log(`  ${killed} kills, ${known.length} decisions`);
}
let last = await call();
while (last.code === 4) last = await call();
assert.equal(last.code === 0 || last.code === 3, true, last.said);
assert.ok((await call()).said.includes('nothing new'));
requireWhole();
assert.ok(!existsSync(paths.attempt) && !existsSync(paths.lock));
// The champion's, the one before it, and one other.
assert.ok(ownRuns().length <= 3, 'runs were left');
console.log(`day 6: ${killed} kills, ${historyIds().length} decisions, current ${readlinkSync(paths.current)}`);
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

/** Of one call: other work on the machine makes it wait, not count more. */
function processorSeconds(): number {
  const timed = ['-c', 'TIMEFORMAT="%U %S"; time "$0" "$@"', process.execPath, ...args];
  const { stderr } = spawnSync('bash', timed, { encoding: 'utf8' });
  const [user, system] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
  return user! + system!;
}

function call(killAfterMs?: number): Promise<End> {
  const startMs = Date.now();
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
function requireWhole(): void {
  const ids = historyIds();
  assert.deepEqual(ids.slice(0, known.length), known);
  assert.equal(new Set(ids).size, ids.length);
  known = ids;
  if (!existsSync(paths.current)) return;
  for (const name of ['adapter/adapter_model.safetensors', 'contract.json', 'decision.json', 'proof.json'])
    assert.ok(existsSync(join(paths.current, name)), name);
}

function historyIds(): string[] {
  if (!existsSync(paths.history)) return [];
  const lines = readFileSync(paths.history, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { id: string }).id);
}

/** A part of a task: its first queries, what is judged for them, and some other documents. */
async function writeGate(folder: string, most: number, others: number): Promise<void> {
  const { corpus, queries, qrels } = await readBeir(folder, 'test');
  const asked = queries.slice(0, most);
  const judged = new Map(asked.map(({ id }) => [id, qrels.get(id)!]));
  const isJudged = new Set([...judged.values()].flatMap((grades) => [...grades.keys()]));
  const beside = corpus.filter(({ id }) => !isJudged.has(id)).slice(0, others);
  const kept = [...corpus.filter(({ id }) => isJudged.has(id)), ...beside];
  await writeBeir(join(work, 'gate'), 'test', { corpus: kept, queries: asked, qrels: judged });
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
