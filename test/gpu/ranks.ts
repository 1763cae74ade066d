/**
 * Run by hand on a machine with several cards: `node --import tsx test/gpu/ranks.ts [--ranks N] [--output FILE]`; without
 * cards it does the same on the processor. Ranks join and exchange what an update does, every number checked; a tiny run
 * is trained over them twice and by one process; a rank is killed and one is stopped in the middle of a run, after which
 * all must be gone within the heartbeat limit, and the run goes on. Prints a table, and writes the same as JSON.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readAdapter } from '../../checkpoints/adapter/adapter.js';
import { cardsOfDriver } from '../../model/engine/native/cards.js';
import type { ExchangeSpeed } from '../../model/ranks/measureExchange.js';
import { runCommand, startCommand } from '../runCommand.js';
import { makeTinyRun, tinySettings } from '../tinyRun.js';
import { ranksOf } from '../train/ranks/ranksOf.js';

const { values: asked } = parseArgs({
  options: {
    ranks: { type: 'string', default: String(Math.max(2, cardsOfDriver())) },
    output: { type: 'string', default: 'gpu-ranks.json' },
  },
});
const heartbeatSeconds = 5;
/** After the heartbeat limit: what a launcher gives the others to save. */
const savingSeconds = 45;
const ranks = ['--ranks', asked.ranks];
const environment = { TERCET_HEARTBEAT_SECONDS: String(heartbeatSeconds) };
const train = 'train/command.ts';

interface Finding {
  check: string;
  isRight: boolean;
  figures: string;
  values?: unknown;
}
const findings: Finding[] = [];
const folder = await makeTinyRun();
/** Each rank needs a query of every pool. */
const queries = `training.queriesPerPool=${Math.max(4, Number(asked.ranks))}`;
const settings = tinySettings.map((word) => (word.startsWith('training.queriesPerPool=') ? queries : word));
const started = ['--base', 'base', '--data', 'train.arrow', ...settings];
try {
  await check('exchange', exchange);
  await check('one process', () => trained('one', []));
  await check('several ranks', () => trained('several', ranks));
  await check('bits again', bitsAgain);
  await check('equal to one process', equalToOne);
  await check('killed rank', () => endedBy('SIGKILL'));
  await check('stopped rank', () => endedBy('SIGSTOP'));
} finally {
  writeFileSync(
    asked.output,
    `${JSON.stringify({ ranks: Number(asked.ranks), cards: cardsOfDriver(), findings }, null, 2)}\n`,
  );
  rmSync(folder, { recursive: true, force: true });
}
console.log(`written: ${asked.output}`);
process.exit(findings.every(({ isRight }) => isRight) ? 0 : 1);

async function check(name: string, look: () => Promise<Omit<Finding, 'check'>>): Promise<void> {
  const found = await look().catch((error: Error) => ({ isRight: false, figures: error.message.trim() }));
  findings.push({ check: name, ...found });
  console.log(`${name.padEnd(22)} ${found.isRight ? 'ok  ' : 'WRONG'}  ${found.figures}`);
}

async function exchange(): Promise<Omit<Finding, 'check'>> {
  const { code, output, errors } = await runCommand('model/command/doctor.ts', [...ranks, '--json'], folder);
  if (code !== 0) throw new Error(errors);
  const speed = JSON.parse(output) as ExchangeSpeed & { device: string };
  const figures =
    `${speed.device}; ${speed.sumBytes / 1e6} MB summed in ${(1000 * speed.sumSeconds).toFixed(0)} ms ` +
    `(${(speed.sumBytesPerSecond / 1e9).toFixed(1)} GB/s), gathered in ${(1000 * speed.gatherSeconds).toFixed(1)} ms`;
  return { isRight: true, figures, values: speed };
}

async function trained(run: string, words: string[]): Promise<Omit<Finding, 'check'>> {
  const begunMs = Date.now();
  const { code, errors } = await runCommand(train, [...started, ...words, '--run', run], folder);
  if (code !== 0) throw new Error(errors);
  return { isRight: true, figures: `${((Date.now() - begunMs) / 1000).toFixed(1)} s, loss ${lossesOf(run).at(-1)}` };
}

async function bitsAgain(): Promise<Omit<Finding, 'check'>> {
  await trained('again', ranks);
  const isRight = bytesOf('several').equals(bytesOf('again'));
  return { isRight, figures: isRight ? 'the adapter of a second run has the same bytes' : 'two runs differ' };
}

async function equalToOne(): Promise<Omit<Finding, 'check'>> {
  const adapters = ['several', 'one'].map((run) => readAdapter(join(folder, 'checkpoints/runs', run, 'adapter')));
  const [several, one] = await Promise.all(adapters);
  let worst = 0;
  for (const [name, { a, b }] of several!.matrices)
    for (const [mine, other] of [
      [a, one!.matrices.get(name)!.a],
      [b, one!.matrices.get(name)!.b],
    ] as const)
      mine.forEach((value, place) => (worst = Math.max(worst, Math.abs(value - other[place]!))));
  const losses = lossesOf('several').map((loss, update) => Math.abs(loss - lossesOf('one')[update]!));
  const figures = `losses within ${Math.max(...losses).toExponential(1)}, adapter within ${worst.toExponential(1)}`;
  return { isRight: Math.max(...losses) < 1e-3 && worst < 1e-3, figures };
}

async function endedBy(signal: 'SIGKILL' | 'SIGSTOP'): Promise<Omit<Finding, 'check'>> {
  const run = signal.toLowerCase();
  const { child, finished } = startCommand(train, [...started, ...ranks, '--run', run], folder, environment);
  let pids: number[] = [];
  let happenedMs = Infinity;
  const timer = setInterval(() => {
    if (lossesOf(run).length < 3) return;
    clearInterval(timer);
    pids = ranksOf(child.pid!);
    happenedMs = Date.now();
    process.kill(pids.at(-1)!, signal);
  }, 10);
  const { code, errors } = await finished.finally(() => clearInterval(timer));
  const seconds = (Date.now() - happenedMs) / 1000;
  if (code === 0) throw new Error('it came too late to test anything');
  const left = pids.filter((pid) => existsSync(`/proc/${pid}`));
  const again = await runCommand(train, ['--run', run, '--resume', ...ranks], folder);
  const isRight =
    left.length === 0 &&
    seconds < heartbeatSeconds + savingSeconds &&
    again.code === 0 &&
    bytesOf(run).equals(bytesOf('several'));
  const said = errors.trim().split('\n').at(-1);
  return { isRight, figures: `all ended in ${seconds.toFixed(1)} s, resumed with ${again.code}: ${said}` };
}

function lossesOf(run: string): number[] {
  const file = join(folder, 'checkpoints/runs', run, 'log.jsonl');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return [...text.matchAll(/"loss":([\d.e-]+)/g)].map(([, loss]) => Number(loss));
}

function bytesOf(run: string): Buffer {
  return readFileSync(join(folder, 'checkpoints/runs', run, 'adapter/adapter_model.safetensors'));
}
