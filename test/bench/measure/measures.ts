import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { poolName } from '../worker/pool.js';
import { megabytes, rate, seconds, whole, gigaflops, type Result } from '../report/result.js';
import { makeAdapter, makePool, rank, writeInput, type Setting } from '../setting/setting.js';
import { summarize } from '../report/summary.js';
import { describePlan, speedHeader, speedOf, timeRounds, type Load, type Peaks } from './timing.js';
import { startTercet } from '../worker/workerProcess.js';

/** One update over one pool: gradient cache, clipping, AdamW. */
export async function measureStep(setting: Setting, peaks: Peaks): Promise<Result> {
  const { file, pool } = makePool(setting, setting.pool);
  const asks = { pool: file, plan: setting.plan };
  const adapter = await makeAdapter(setting);
  const timing = await timeRounds(setting, adapter, (worker) => worker.ask('train', asks));
  const lengths = [...pool.queryTokens, ...pool.passageTokens].map((ids) => ids.length);
  const load: Load = { lengths, trains: true };
  const { cells, values } = speedOf(setting, peaks, load, timing);
  return {
    name: 'step',
    title: 'Training step',
    about:
      `Pool ${poolName(setting.pool)}: ${setting.pool.queries} queries, ${pool.passageTokens.length} passages; LoRA of rank ` +
      `${rank} on all projections, ${setting.precision}, ${describePlan(timing.plan, timing.peak)}. GFLOP/s count what the step needs: ` +
      'each text once forward and once backward, without padding and without computing anything again.',
    header: ['', ...speedHeader],
    rows: [['step', ...cells]],
    values,
    ratios: { 'share of peak': values.shareOfPeak },
  };
}

/** Embeddings of the pool's texts from their ids, without an adapter. */
export async function measureForward(setting: Setting, peaks: Peaks): Promise<Result> {
  const { pool } = makePool(setting, setting.pool);
  const texts = [...pool.queryTokens, ...pool.passageTokens];
  const file = writeInput(`texts-${setting.shape}-${poolName(setting.pool)}`, texts);
  const { batchTokens: chunkTokens } = setting;
  const timing = await timeRounds(setting, undefined, (worker) => worker.ask('forward', { texts: file, chunkTokens }));
  const load: Load = { lengths: texts.map((ids) => ids.length), chunkTokens, trains: false };
  const { cells, values } = speedOf(setting, peaks, load, timing);
  return {
    name: 'forward',
    title: 'Forward',
    about: `Embeddings of ${whole(texts.length)} texts from their ids, ${setting.precision}, chunks of ${chunkTokens} tokens.`,
    header: ['', ...speedHeader],
    rows: [['forward', ...cells]],
    values,
    ratios: { 'share of peak': values.shareOfPeak },
  };
}

/** Embeddings of passages from their text, as `npm run encode` and the evaluation make them. */
export async function measureEncode(setting: Setting, peaks: Peaks): Promise<Result | undefined> {
  const { passages, batchTokens: chunkTokens } = setting;
  const some = setting.texts.texts('passage', passages);
  if (!some) return undefined;
  const file = writeInput(`passages-${passages}`, some);
  const timing = await timeRounds(setting, undefined, (worker) => worker.ask('encode', { texts: file, chunkTokens }));
  const lengths = setting.texts.tokens('passage', passages).map((ids) => ids.length);
  const { cells, values } = speedOf(setting, peaks, { lengths, chunkTokens, trains: false }, timing);
  return {
    name: 'encode',
    title: 'Encoding',
    about: `${whole(passages)} passages from their text, tokenizing included, ${setting.precision}, chunks of ${chunkTokens} tokens.`,
    header: ['', 'passages/s', ...speedHeader],
    rows: [['encode', rate(passages / timing.seconds.median), ...cells]],
    values: { ...values, passages },
    ratios: { 'share of peak': values.shareOfPeak },
  };
}

/** Loading the base into a fresh process, its files in the system's cache. */
export async function measureLoad({ base, precision, rounds }: Setting): Promise<Result> {
  const times: number[] = [];
  let peak = 0;
  for (let round = 0; round < rounds; round++) {
    const worker = startTercet();
    try {
      times.push((await worker.ask('open', { base, precision })).seconds);
      peak = Math.max(peak, (await worker.ask('memory', { reset: false })).peak);
    } finally {
      await worker.close();
    }
  }
  const bytes = readdirSync(base)
    .filter((name) => name.endsWith('.safetensors'))
    .reduce((sum, name) => sum + statSync(join(base, name)).size, 0);
  const { median, least, most } = summarize(times);
  return {
    name: 'load',
    title: 'Loading',
    about: `The engine and a base of ${megabytes(bytes)} on the disk, ${precision}, in a fresh process; the files are in the system's cache.`,
    header: ['', 'time', 'least..most', 'peak memory'],
    rows: [['load', seconds(median), `${least.toPrecision(3)}..${most.toPrecision(3)}`, megabytes(peak)]],
    values: { seconds: times, bytes, peakMemory: peak },
  };
}

/** Exact search: every passage is scored for every query. Beside it the matrix products of its blocks alone. */
export async function measureSearch({ config, isQuick, rounds }: Setting): Promise<Result> {
  const sizes = { queries: 256, passages: isQuick ? 20_000 : 100_000, dimensions: config.hidden, depth: 1000 };
  const worker = startTercet();
  try {
    const times: number[] = [];
    const products: number[] = [];
    for (let round = -1; round < rounds; round++)
      for (const [isProductAlone, list] of [
        [false, times],
        [true, products],
      ] as const) {
        const timed = await worker.ask('search', { ...sizes, isProductAlone });
        if (round >= 0) list.push(timed.seconds);
      }
    const { peak } = await worker.ask('memory', { reset: false });
    const { median, least, most } = summarize(times);
    const product = summarize(products);
    const flops = 2 * sizes.queries * sizes.passages * sizes.dimensions;
    return {
      name: 'search',
      title: 'Search',
      about: `${sizes.queries} queries among ${whole(sizes.passages)} vectors of ${sizes.dimensions} numbers, the best ${sizes.depth} kept of each, float32.`,
      header: ['', 'time', 'least..most', 'queries/s', 'GFLOP/s', 'peak memory'],
      rows: [
        [
          'search',
          seconds(median),
          `${least.toPrecision(3)}..${most.toPrecision(3)}`,
          whole(sizes.queries / median),
          gigaflops(flops / median),
          megabytes(peak),
        ],
        [
          'its products alone',
          seconds(product.median),
          `${product.least.toPrecision(3)}..${product.most.toPrecision(3)}`,
          whole(sizes.queries / product.median),
          gigaflops(flops / product.median),
          '',
        ],
      ],
      values: { ...sizes, seconds: times, productSeconds: products, peakMemory: peak },
      ratios: { 'times its products alone': median / product.median },
    };
  } finally {
    await worker.close();
  }
}
