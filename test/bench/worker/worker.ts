import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { UserError } from '../../../configs/userError.js';
import type { Jobs } from './jobs.js';
import { readMemory, resetPeak } from './memory.js';
import { encodePages, openPages } from './pages.js';
import { poolTokens, type PoolFile } from './pool.js';
import { packs } from '../../../model/pass/encodeChunk.js';
import {
  embed,
  openPassages,
  openWork,
  planOf,
  prepareSearch,
  productPeaks,
  trainStep,
  type StepPlan,
  type Work,
} from './work.js';

type Answers = { [Name in keyof Jobs]: (asks: Jobs[Name]['asks']) => Promise<Jobs[Name]['gives']> };

let opened: Work | undefined;
const files = new Map<string, unknown>();
const plans = new Map<string, StepPlan>();
const searches = new Map<string, Awaited<ReturnType<typeof prepareSearch>>>();
let pages: Awaited<ReturnType<typeof openPages>> | undefined;
const passages = new Map<number, Awaited<ReturnType<typeof openPassages>>>();

const answers: Answers = {
  async open({ base, precision, adapter, watch, place }) {
    const timed = await time(async () => (opened = await openWork({ base, precision, adapter, watch, place })));
    const { name, version } = opened!.engine;
    return {
      ...timed,
      engine: name,
      packs: packs(opened!.model),
      versions: { [name]: version, node: process.versions.node },
    };
  },
  async plan({ pool, plan }) {
    const key = `${pool} ${JSON.stringify(plan)}`;
    const whole = plans.get(key) ?? planOf(work(), poolTokens(readOnce<PoolFile>(pool)), plan);
    plans.set(key, whole);
    return whole;
  },
  async train({ pool, plan }) {
    const tokens = poolTokens(readOnce<PoolFile>(pool));
    const whole = await answers.plan({ pool, plan });
    let loss = NaN;
    const timed = await time(async () => (loss = trainStep(work(), tokens, whole)));
    const exchange = work().exchange?.take();
    return { ...timed, loss, plan: whole, ...(exchange && { exchange }) };
  },
  async forward({ texts, chunkTokens }) {
    const tokens = readOnce<number[][]>(texts).map((ids) => Int32Array.from(ids));
    return await time(() => embed(work(), tokens, chunkTokens));
  },
  async encode({ texts, chunkTokens }) {
    const some = readOnce<string[]>(texts);
    if (!passages.has(chunkTokens)) passages.set(chunkTokens, await openPassages(work(), chunkTokens));
    let embeddings: Float32Array = new Float32Array(0);
    const timed = await time(async () => (embeddings = await passages.get(chunkTokens)!.encode(some)));
    return { ...timed, sample: [...embeddings.subarray(0, sampleTexts * work().model.config.hidden)] };
  },
  async openPages({ base, maxPixels }) {
    const timed = await time(async () => (pages = await openPages(base, maxPixels)));
    const { name, version } = pages!.engine;
    return { ...timed, engine: name, versions: { [name]: version, node: process.versions.node } };
  },
  async encodePages({ pages: file }) {
    const files = readOnce<string[]>(file);
    let embeddings: Float32Array = new Float32Array(0);
    const timed = await time(async () => (embeddings = await encodePages(pages!.encoder, files)));
    return { ...timed, sample: [...embeddings.subarray(0, embeddings.length / files.length)] };
  },
  async search({ isProductAlone, ...sizes }) {
    const key = JSON.stringify(sizes);
    if (!searches.has(key)) searches.set(key, await prepareSearch(sizes));
    const { search, product } = searches.get(key)!;
    return await time(async () => (isProductAlone ? product() : search()));
  },
  peak: ({ rows, shapes }) => productPeaks(rows, shapes),
  async forgetUsage() {
    watch().forget();
    return {};
  },
  async usage({ rank }) {
    return watch().usage(rank);
  },
  async memory({ reset }) {
    globalThis.gc?.();
    const canReset = reset && resetPeak();
    return { ...readMemory(), canReset };
  },
};

/** Embeddings of so many texts are told, for a comparison. */
const sampleTexts = 16;

async function time(run: () => Promise<unknown>): Promise<{ seconds: number }> {
  const begun = performance.now();
  await run();
  return { seconds: (performance.now() - begun) / 1000 };
}

function work(): Work {
  if (!opened) throw new Error('no base is open');
  return opened;
}

function watch() {
  const { watch, engine } = work();
  if (!watch) throw new Error(`operations are not watched; the engine is ${engine.name}`);
  return watch;
}

function readOnce<T>(file: string): T {
  if (!files.has(file)) files.set(file, JSON.parse(readFileSync(file, 'utf8')));
  return files.get(file) as T;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { job, ...asks } = JSON.parse(line) as { job: keyof Jobs };
  let reply: object;
  try {
    reply = await answers[job](asks as never);
  } catch (error) {
    const isMistake = error instanceof UserError;
    reply = { error: isMistake ? error.message : String((error as Error).stack ?? error), isMistake };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
process.exit(0);
