import type { ExampleFile } from '../../data/arrow/openExamples.js';
import { composePool, type Pool } from '../../data/stream/pool.js';
import type { PlacedExample, Position } from '../../data/stream/shuffle.js';
import { streamRows } from '../../data/stream/streamRows.js';
import type { RunConfig } from '../../configs/schema.js';

/**
 * Pools of training examples, endless, from a position in the data on.
 * @param weights  how often each file's rows come in an epoch; once where left out
 */
export async function* poolsOf(
  files: ExampleFile[],
  { seed, training, loss }: RunConfig,
  from: Position | undefined,
  weights?: number[],
): AsyncGenerator<Pool> {
  const { queriesPerPool, passagesPerQuery, shuffleWindow, homogeneousPools } = training;
  const options = { passagesPerQuery, seed, maskRelevant: loss.maskRelevant };
  const groupRows = homogeneousPools ? queriesPerPool : undefined;
  const stream = streamRows(files, { seed, windowRows: shuffleWindow, weights, groupRows, from });
  let examples: PlacedExample[] = [];
  for await (const placed of stream) {
    examples.push(placed);
    if (examples.length < queriesPerPool) continue;
    yield composePool(examples, options);
    examples = [];
  }
}

/**
 * Updates of a run, from its steps or from its epochs and the rows of its data. A started pool counts as one, a started
 * update does not, as in Hugging Face's `Trainer`: 490,985 rows in pools of 32, 4 an update, give the study's 3,836.
 */
export function updatesOf({ training }: RunConfig, rows: number): number {
  const { steps, epochs, queriesPerPool, poolsPerUpdate } = training;
  return steps ?? Math.max(1, Math.floor(Math.ceil((rows * epochs) / queriesPerPool) / poolsPerUpdate));
}

/** What is to be said where a pool takes more queries than there are: each then meets itself among the others. */
export function poolBeyondData({ training: { queriesPerPool } }: RunConfig, rows: number): string[] {
  if (queriesPerPool <= rows) return [];
  return [
    `training.queriesPerPool is ${queriesPerPool} and the data has ${rows} rows: a pool holds rows more than once; ` +
      `set it to at most ${rows}, or take more data`,
  ];
}

/** What a pool and an update are made of, for the screen: accumulation adds queries, never negatives. */
export function poolArithmetic({ training }: RunConfig, rows: number, updates: number): string[] {
  const { queriesPerPool, passagesPerQuery, poolsPerUpdate } = training;
  const passages = queriesPerPool * passagesPerQuery;
  const queries = queriesPerPool * poolsPerUpdate;
  const negatives = passagesPerQuery - 1;
  return [
    `pool    ${queriesPerPool} queries x ${passages} passages: 1 positive, ${negatives} own and ` +
      `${passages - passagesPerQuery} other negatives a query, before masking`,
    `update  ${poolsPerUpdate} ${poolsPerUpdate === 1 ? 'pool' : 'pools'} = ${queries} queries` +
      (poolsPerUpdate > 1 ? `; still ${passages - 1} negatives a query` : ''),
    `run     ${updates} updates = ${((updates * queries) / rows).toFixed(2)} epochs of ${rows} rows`,
  ];
}
