import { freePorts } from '../../../model/ranks/freePorts.js';
import type { ExchangeCost } from '../worker/countExchange.js';
import { poolName } from '../worker/pool.js';
import { megabytes, percent, rate, seconds, type Result } from '../report/result.js';
import { makeAdapter, makePool, withLayers, type Setting } from '../setting/setting.js';
import { summarize, type Summary } from '../report/summary.js';
import { startTercet } from '../worker/workerProcess.js';

/** Where the base is deeper, so that a round takes seconds. */
const fewLayers = 4;

interface Point {
  ranks: number;
  coresEach: number;
  seconds: Summary;
  /** Of the rank that spent most on exchanges, the median over rounds. */
  exchange: ExchangeCost;
}

/**
 * A training step over one rank and several that share its pool, each kept to processors of its own: how near to linear
 * it comes, beside one rank with as many processors as one of several has.
 */
export async function scaleRanks(setting: Setting): Promise<Result | undefined> {
  if (process.platform !== 'linux' || setting.cores < 2) return undefined; // taskset
  const few = await withLayers(setting, Math.min(fewLayers, setting.config.layers));
  const counts = [2, 4, 8].filter((ranks) => ranks <= setting.cores && ranks <= setting.pool.queries);
  const { file, pool } = makePool(few, setting.pool);
  const tokens = [...pool.queryTokens, ...pool.passageTokens].reduce((sum, { length }) => sum + length, 0);
  const whole = await stepOver(few, file, 1, setting.cores);
  const rows: string[][] = [];
  const values: object[] = [];
  const ratios: Record<string, number> = {};
  const show = (point: Point, alone: Point) => {
    const { ranks, coresEach, exchange } = point;
    const ofLinear = alone.seconds.median / point.seconds.median / ranks;
    const { median, least, most } = point.seconds;
    rows.push([
      String(ranks),
      String(coresEach),
      seconds(median),
      `${least.toPrecision(3)}..${most.toPrecision(3)}`,
      rate(tokens / median),
      ranks === 1 ? '-' : percent(ofLinear),
      ranks === 1 ? '-' : seconds(exchange.seconds),
      ranks === 1 ? '-' : megabytes(exchange.bytes),
    ]);
    if (ranks > 1) ratios[`${ranks} ranks, of linear`] = ofLinear;
    values.push({ ...point, tokensPerSecond: tokens / median, ...(ranks > 1 && { ofLinear }) });
  };
  show(whole, whole);
  for (const ranks of counts) {
    const each = Math.floor(setting.cores / ranks);
    const alone = await stepOver(few, file, 1, each);
    const shared = await stepOver(few, file, ranks, each);
    show(alone, alone);
    show(shared, alone);
  }
  return {
    name: 'ranks',
    title: 'Ranks',
    about:
      `A step over a pool of ${poolName(setting.pool)} on ${few.config.layers} layers, by one rank and by several that ` +
      'share it, each on processors of its own; of linear: beside one rank on as many processors as each has.',
    header: ['ranks', 'cores each', 'time', 'least..most', 'tokens/s', 'of linear', 'in exchanges', 'received'],
    rows,
    values,
    ratios,
  };
}

async function stepOver(setting: Setting, pool: string, ranks: number, coresEach: number): Promise<Point> {
  const { base, precision, plan, rounds } = setting;
  const adapter = await makeAdapter(setting);
  const addresses = (await freePorts(ranks)).map((port) => `127.0.0.1:${port}`);
  const workers = addresses.map((_, rank) => startTercet({ count: coresEach, first: rank * coresEach }));
  try {
    const places = addresses.map((_, rank) => ({ rank, ranks, localRank: rank, localRanks: ranks, addresses }));
    const opened = { base, precision, adapter };
    await Promise.all(
      workers.map((worker, rank) => worker.ask('open', { ...opened, ...(ranks > 1 && { place: places[rank]! }) })),
    );
    const round = () => Promise.all(workers.map((worker) => worker.ask('train', { pool, plan })));
    await round();
    const all: Awaited<ReturnType<typeof round>>[] = [];
    for (let done = 0; done < rounds; done++) all.push(await round());
    const longest = (costs: number[]) => Math.max(...costs);
    const exchange = (name: keyof ExchangeCost) =>
      summarize(all.map((ends) => longest(ends.map((end) => end.exchange?.[name] ?? 0)))).median;
    return {
      ...{ ranks, coresEach },
      seconds: summarize(all.map((ends) => longest(ends.map((end) => end.seconds)))),
      exchange: { seconds: exchange('seconds'), bytes: exchange('bytes') },
    };
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
  }
}
