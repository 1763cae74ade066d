import { onceEach } from '../../data/stream/candidateCounts.js';
/**
 * A base of 7 billion parameters with random weights on this machine: how fast it is loaded beside a plain read of its
 * files, then texts embedded and one update of an adapter, with the most memory that each took.
 *
 *     node --import tsx test/bench/sevenBillion.ts FOLDER [layers] [precision]
 *
 * The folder gets the base, 14 GB, unless it holds it already; delete it afterwards. With fewer layers than 28 the whole
 * is to be extrapolated: time and weights grow with them.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { openBaseFolder } from '../../checkpoints/base/baseFolder.js';
import { precisions, type Precision } from '../../configs/contract.js';
import { loadConfig } from '../../configs/load/loadConfig.js';
import { seededRandom } from '../../data/random.js';
import { startEngine } from '../../model/engine/startEngine.js';
import { loadModel } from '../../model/load/loadModel.js';
import type { Model } from '../../model/layer/decoder.js';
import { attachAdapter, freshAdapter } from '../../model/layer/lora.js';
import { adamW } from '../../train/step/update/optimizer.js';
import { readMemory, resetPeak } from './worker/memory.js';
import { megabytes } from './report/result.js';
import { shapes } from './setting/shapes.js';
import { table } from './report/table.js';
import { embed, planOf, trainStep, type Work } from './worker/work.js';
import { writeRandomBase } from './setting/writeRandomBase.js';

const [folder, layersText = '28', precisionText = 'bfloat16'] = process.argv.slice(2);
const layers = Number(layersText);
const precision = precisions.find((name) => name === precisionText);
if (!folder || !precision || !Number.isInteger(layers) || layers < 1 || layers > 28) {
  console.error(`usage: sevenBillion.ts FOLDER [1 to 28 layers] [${precisions.join(', ')}]`);
  process.exit(2);
}

const rank = 16;
const chunkTokens = 1024;
const queryTokens = 32;
const passageTokens = 156;
const rows: string[][] = [];

const base = join(folder, `7b-${layers}`);
// The language head is left out: nothing here reads it.
if (!existsSync(base)) await measure('write', writeBase);
const { tensors } = await openBaseFolder(base);
const files = [...new Set([...tensors.values()].map(({ file }) => file))];
await measure('plain read, nothing cached', () => readPlainly(files));
const { name } = await startEngine();
await loadAndUse(precision);
console.log(`${layers} layers in ${precision} on the ${name} engine\n`);
console.log(table(['', 'time', 'speed', 'peak memory', 'afterwards'], rows));

async function loadAndUse(precision: Precision): Promise<void> {
  files.forEach(forgetCached);
  let model: Model;
  await measure('load, nothing cached', async () => {
    model = await loadModel(base, precision);
    const loaded = [...tensors].filter(([name]) => !name.includes('embed_tokens'));
    return gigabytes(loaded.reduce((sum, [, { begin, end }]) => sum + end - begin, 0));
  });
  const passages = texts(4, passageTokens);
  await measure('embed 4 passages', async () => {
    await embed({ model: model! } as Work, passages, chunkTokens);
    return { amount: 4 * passageTokens, unit: 'tokens/s' };
  });
  await measure(`update of rank ${rank}, 2 queries x 4 passages`, async () => {
    const { lora, optimizer } = loadConfig('study').config;
    const parameters = attachAdapter(model!, freshAdapter(model!, { ...lora, rank, alpha: 2 * rank }, 1));
    const work = { model: model!, parameters, optimizer: adamW(parameters, optimizer), updates: 0 } as Work;
    const pool = {
      queries: texts(2, queryTokens),
      passages: texts(4, passageTokens),
      targets: [0, 2],
      counts: onceEach(2, 4),
    };
    const begun = performance.now();
    trainStep(work, pool, planOf(work, pool, { chunkTokens }));
    const seconds = (performance.now() - begun) / 1000;
    return { amount: 2 * queryTokens + 4 * passageTokens, unit: 'tokens/s', seconds };
  });
}

/** What was done, and in how long where setting up is not to count. */
interface Done {
  amount: number;
  unit: string;
  seconds?: number;
}

async function measure(what: string, work: () => Promise<Done>): Promise<void> {
  resetPeak();
  const begun = performance.now();
  const { amount, unit, seconds = (performance.now() - begun) / 1000 } = await work();
  const { peak, resident } = readMemory();
  rows.push([
    what,
    `${seconds.toFixed(1)} s`,
    `${(amount / seconds).toPrecision(3)} ${unit}`,
    megabytes(peak),
    megabytes(resident),
  ]);
  console.error(rows.at(-1)!.join('  '));
}

async function writeBase(): Promise<Done> {
  await writeRandomBase(base, { ...shapes['7b']!, layers, tied: true }, { seed: 1, eosId: 151_645 });
  const written = [...(await openBaseFolder(base)).tensors.values()];
  return gigabytes(written.reduce((sum, { begin, end }) => sum + end - begin, 0));
}

/** Whole files into the same few buffers, four reads under way. */
async function readPlainly(files: string[]): Promise<Done> {
  files.forEach(forgetCached);
  const piece = 8 * 1024 * 1024;
  const buffers = Array.from({ length: 4 }, () => new Uint8Array(piece));
  let total = 0;
  for (const path of files) {
    const file = await open(path, 'r');
    const { size } = await file.stat();
    let next = 0;
    const read = async (buffer: Uint8Array) => {
      while (next < size) await file.read(buffer, 0, piece, (next += piece) - piece);
    };
    await Promise.all(buffers.map(read));
    await file.close();
    total += size;
  }
  return gigabytes(total);
}

/** Source: `nocache` of GNU dd, which on an empty copy drops what the system holds of the file. */
function forgetCached(file: string): void {
  execFileSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
}

function gigabytes(bytes: number): Done {
  return { amount: bytes / 1e9, unit: 'GB/s' };
}

function texts(count: number, length: number): Int32Array[] {
  const random = seededRandom('texts', count, length);
  return Array.from({ length: count }, () => Int32Array.from({ length }, () => Math.floor(random() * 150_000)));
}
