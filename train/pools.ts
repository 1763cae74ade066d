import type { ExampleFile } from '../data/arrow/openExamples.js';
import { composePool, type Pool } from '../data/pool.js';
import { streamExamples, type Position } from '../data/shuffle.js';
import type { RunConfig } from '../configs/schema.js';

/** Pools of training examples, endless, from a position in the data on. */
export async function* poolsOf(
  files: ExampleFile[],
  { seed, training, loss }: RunConfig,
  from: Position | undefined,
): AsyncGenerator<Pool> {
  const { queriesPerPool, passagesPerQuery, shuffleWindow } = training;
  const options = { passagesPerQuery, seed, maskRelevant: loss.maskRelevant };
  const stream = streamExamples(files, { seed, windowRows: shuffleWindow, ...(from && { from }) });
  let examples: Parameters<typeof composePool>[0] = [];
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

/** What a pool and an update are made of, for the screen: accumulation adds queries, never negatives. */
export function poolArithmetic({ training }: RunConfig, rows: number, updates: number): string[] {
  const { queriesPerPool, passagesPerQuery, poolsPerUpdate } = training;
  const passages = queriesPerPool * passagesPerQuery;
  const queries = queriesPerPool * poolsPerUpdate;
  const own = passagesPerQuery - 1;
  return [
    `pool    ${queriesPerPool} queries x ${passages} passages: 1 positive, ${own} own and ` +
      `${passages - passagesPerQuery} other negatives a query, before masking`,
    `update  ${poolsPerUpdate} ${poolsPerUpdate === 1 ? 'pool' : 'pools'} = ${queries} queries` +
      (poolsPerUpdate > 1 ? `; still ${passages - 1} negatives a query` : ''),
    `run     ${updates} updates = ${((updates * queries) / rows).toFixed(2)} epochs of ${rows} rows`,
  ];
}
