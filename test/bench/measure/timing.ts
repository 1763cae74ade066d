import { cutChunks } from '../../../data/stream/chunks.js';
import { projections } from '../../../configs/schema.js';
import { projectionShape } from '../../../model/layer/decoder.js';
import { neededFlops } from './flops.js';
import { gigaflops, megabytes, percent, rate, seconds } from '../report/result.js';
import { rank, type Setting } from '../setting/setting.js';
import { paddingShare, summarize, type Summary } from '../report/summary.js';
import type { StepPlan } from '../worker/work.js';
import { startTercet, type WorkerProcess } from '../worker/workerProcess.js';

/** Rounds of the same work in a process of its own. */
export interface Timing {
  seconds: Summary;
  all: number[];
  /** Resident when the model was loaded, and the most from then on. */
  loaded: number;
  peak: number;
  packs: boolean;
  /** Of a step: what training decided. */
  plan: StepPlan | undefined;
}

/**
 * Time work in a fresh process; a first round warms up and is not counted.
 * @param cores  processors that it may use; all where left out
 */
export async function timeRounds(
  { base, precision, rounds }: Setting,
  adapter: string | undefined,
  run: (worker: WorkerProcess) => Promise<{ seconds: number; plan?: StepPlan }>,
  cores?: number,
): Promise<Timing> {
  const worker = startTercet(cores === undefined ? undefined : { count: cores, first: 0 });
  try {
    const { packs = false } = await worker.ask('open', { base, precision, adapter });
    const { resident } = await worker.ask('memory', { reset: true });
    const { plan } = await run(worker);
    const all: number[] = [];
    for (let round = 0; round < rounds; round++) all.push((await run(worker)).seconds);
    const { peak } = await worker.ask('memory', { reset: false });
    return { seconds: summarize(all), all, loaded: resident, peak, packs, plan };
  } finally {
    await worker.close();
  }
}

/** Texts that go through the model, and how. */
export interface Load {
  lengths: number[];
  /** Of work other than a step. */
  chunkTokens?: number;
  /** Whether the gradient of the adapters is made too. */
  trains: boolean;
}

/** The best matrix products of this machine, in floating-point operations a second. */
export interface Peaks {
  bfloat16?: number;
  float32: number;
}

/** What training decided of memory, and how well it foresaw the peak, for people. */
export function describePlan(plan: StepPlan | undefined, peak: number): string {
  if (!plan) return 'memory as the engine plans it';
  const { chunkTokens, savedLayers, keptBytes, plannedBytes } = plan;
  const foreseen =
    plannedBytes === undefined
      ? ''
      : `, a peak of ${megabytes(plannedBytes)} planned, ${(plannedBytes / peak).toFixed(2)} of the measured one`;
  return `chunks of ${chunkTokens} tokens, ${savedLayers} layers saved, ${megabytes(keptBytes)} kept${foreseen}`;
}

const peakRows = 2048;

/** Products of the shapes of the model's own weights, each in both directions. */
export async function measurePeaks({ config }: Setting, cores?: number): Promise<Peaks> {
  const shapes = new Map(projections.map((target) => [String(projectionShape(config, target)), target]));
  const worker = startTercet(cores === undefined ? undefined : { count: cores, first: 0 });
  try {
    return await worker.ask('peak', {
      rows: peakRows,
      shapes: [...shapes.values()].map((target) => projectionShape(config, target)),
    });
  } finally {
    await worker.close();
  }
}

/** The faster arithmetic of those that a step in this precision may use: bfloat16 may be cast, float32 is not rounded. */
export const peakOf = ({ precision }: Setting, { bfloat16 = 0, float32 }: Peaks) =>
  precision === 'bfloat16' ? Math.max(bfloat16, float32) : float32;

export const speedHeader = [
  'time',
  'least..most',
  'tokens/s',
  'GFLOP/s',
  'of peak',
  'padding',
  'peak memory',
  'above model',
];

/** What a timing says, in the columns of `speedHeader`, and as numbers. */
export function speedOf(setting: Setting, peaks: Peaks, load: Load, timing: Timing) {
  const flops = neededFlops(setting.config, load.lengths, load.trains ? rank : 0);
  const needed = flops.forward + (load.trains ? flops.backward : 0);
  const tokens = load.lengths.reduce((sum, length) => sum + length, 0);
  const { median, least, most } = timing.seconds;
  const budget = timing.plan?.chunkTokens ?? load.chunkTokens ?? Infinity;
  const chunks = cutChunks(load.lengths, budget).map(({ rows }) => rows.map((row) => load.lengths[row]!));
  const values = {
    seconds: timing.all,
    tokens,
    tokensPerSecond: tokens / median,
    neededFlops: needed,
    flopsPerSecond: needed / median,
    shareOfPeak: needed / median / peakOf(setting, peaks),
    chunkTokens: budget,
    plan: timing.plan,
    padding: timing.packs ? 0 : paddingShare(chunks),
    peakMemory: timing.peak,
    aboveModel: timing.peak - timing.loaded,
  };
  const cells = [
    seconds(median),
    `${least.toPrecision(3)}..${most.toPrecision(3)}`,
    rate(values.tokensPerSecond),
    gigaflops(values.flopsPerSecond),
    percent(values.shareOfPeak),
    percent(values.padding),
    megabytes(values.peakMemory),
    megabytes(values.aboveModel),
  ];
  return { cells, values };
}
