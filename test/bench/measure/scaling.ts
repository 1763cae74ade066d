import { parsePool, poolName, type PoolFile } from '../worker/pool.js';
import { type Result } from '../report/result.js';
import { makeAdapter, makePool, withLayers, writeInput, type Setting } from '../setting/setting.js';
import { measurePeaks, speedHeader, speedOf, timeRounds, type Peaks } from './timing.js';

/** Curves are measured on no more layers than this, apart from the curve over layers. */
const fewLayers = 4;
/** Tokens of each point of the curve over lengths. */
const lengthTokens = 4096;

const sizes = {
  pools: { quick: ['2x8', '4x16', '8x16'], full: ['2x16', '4x16', '8x16', '8x64', '16x64'] },
  lengths: { quick: [32, 128], full: [16, 32, 64, 128, 256, 512] },
  layers: { quick: [1, 2, 4], full: [1, 2, 4, 8, 16, 24] },
};

/** A step over pools of several sizes: time should grow with the texts alone. */
export async function scalePools(setting: Setting, peaks: Peaks): Promise<Result> {
  const few = await withFewLayers(setting);
  const points = [];
  for (const name of sizes.pools[setting.isQuick ? 'quick' : 'full']) {
    const size = parsePool(name);
    points.push(await stepPoint(few, peaks, poolName(size), size.queries * size.passagesPerQuery, makePool(few, size)));
  }
  return curveOf('pools', 'Pool size', `A step on ${few.config.layers} layers.`, 'pool', 'passages', points);
}

/** A step over texts of one length each, the same number of tokens in all. */
export async function scaleLengths(setting: Setting, peaks: Peaks): Promise<Result> {
  const few = await withFewLayers(setting);
  const points = [];
  for (const length of sizes.lengths[setting.isQuick ? 'quick' : 'full']) {
    const pool = evenPool(few, length);
    const file = writeInput(`pool-${few.shape}-length-${length}`, pool);
    points.push(await stepPoint(few, peaks, String(length), length, { file, pool }));
  }
  const about = `A step on ${few.config.layers} layers over ${lengthTokens} tokens, all texts of one length.`;
  return curveOf('lengths', 'Sequence length', about, 'tokens', 'tokens of a text', points);
}

/** A step on bases of several depths. */
export async function scaleLayers(setting: Setting, peaks: Peaks): Promise<Result | undefined> {
  if (setting.shape === 'demo') return undefined; // its depth is what it is
  const most = Math.max(...sizes.layers.quick, setting.config.layers);
  const points = [];
  for (const layers of sizes.layers[setting.isQuick ? 'quick' : 'full'].filter((layers) => layers <= most)) {
    const deep = await withLayers(setting, layers);
    points.push(await stepPoint(deep, peaks, String(layers), layers, makePool(deep, parsePool('4x16'))));
  }
  return curveOf('layers', 'Layers', 'A step over a pool of 4x16.', 'layers', 'layers', points);
}

/** A step on one processor and more; the share is of the peak that these processors have. */
export async function scaleThreads(setting: Setting): Promise<Result | undefined> {
  if (process.platform !== 'linux') return undefined; // taskset
  const few = await withFewLayers(setting);
  const counts = [1, 2, 4, 8, 16, 32, 64].filter((count) => count < setting.cores);
  const points = [];
  for (const count of [...counts, setting.cores])
    points.push(
      await stepPoint(
        few,
        await measurePeaks(few, count),
        String(count),
        count,
        makePool(few, parsePool('4x16')),
        count,
      ),
    );
  const about = `A step over a pool of 4x16 on ${few.config.layers} layers, the process kept to some processors.`;
  return curveOf('threads', 'Threads', about, 'threads', 'threads', points);
}

interface Point {
  name: string;
  x: number;
  cells: string[];
  values: ReturnType<typeof speedOf>['values'];
}

async function stepPoint(
  setting: Setting,
  peaks: Peaks,
  name: string,
  x: number,
  { file, pool }: { file: string; pool: PoolFile },
  cores?: number,
): Promise<Point> {
  const adapter = await makeAdapter(setting);
  const run = timeRounds(setting, adapter, (worker) => worker.ask('train', { pool: file, plan: setting.plan }), cores);
  const lengths = [...pool.queryTokens, ...pool.passageTokens].map((ids) => ids.length);
  return { name, x, ...speedOf(setting, peaks, { lengths, trains: true }, await run) };
}

function curveOf(name: string, title: string, about: string, column: string, x: string, points: Point[]): Result {
  return {
    name,
    title,
    about,
    header: [column, ...speedHeader],
    rows: points.map(({ name, cells }) => [name, ...cells]),
    curve: {
      x,
      y: 'tokens/s',
      lines: [{ name: 'training step', points: points.map(({ x, values }) => [x, values.tokensPerSecond]) }],
    },
    values: points.map(({ name, values }) => ({ [column]: name, ...values })),
  };
}

const withFewLayers = (setting: Setting) => withLayers(setting, Math.min(fewLayers, setting.config.layers));

/** Four queries and as many passages as make up the tokens, all of one length. */
function evenPool({ texts }: Setting, length: number): PoolFile {
  const passagesPerQuery = Math.max(1, Math.round(lengthTokens / length / 4) - 1);
  const ids = texts.tokens('passage', 4096).flatMap((row) => [...row.slice(0, -1)]);
  let taken = 0;
  const row = () => Array.from({ length }, () => ids[taken++ % ids.length]!);
  const rows = (count: number) => Array.from({ length: count }, row);
  return { queries: 4, passagesPerQuery, queryTokens: rows(4), passageTokens: rows(4 * passagesPerQuery) };
}
