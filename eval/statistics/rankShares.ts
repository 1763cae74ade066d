import { seededRandom } from '../../data/random.js';

/** Of each part of a task, for each model, a value a query. */
export type TaskParts = readonly (readonly Float64Array[])[];

export interface RankShares {
  /** For each model, the share of samples in which it came first, second, ... */
  shares: number[][];
  /** Mean rank over all samples, from 1. */
  meanRanks: number[];
}

/**
 * How firm a ranking by the mean over tasks is: the queries of each task are drawn anew with replacement, the same
 * queries for every model, and the models ranked again. Models of equal means share the mean of their ranks' places.
 * @param tasks  for each task its parts, one where it has none, all of which count alike; of each part for each model a value a
 *   query, the same queries in the same order
 */
export function rankShares(tasks: readonly TaskParts[], seed: number, draws = 1000): RankShares {
  const models = tasks[0]?.[0]?.length ?? 0;
  const parts = tasks.flatMap((task) => task.map((values) => ({ values, weight: 1 / task.length })));
  const shares = Array.from({ length: models }, () => new Array<number>(models).fill(0));
  const meanRanks = new Array<number>(models).fill(0);
  const random = seededRandom('rank shares', seed);
  for (let draw = 0; draw < draws; draw++) {
    const scores = new Float64Array(models);
    for (const { values, weight } of parts) {
      const count = values[0]!.length;
      const sums = new Float64Array(models);
      for (let query = 0; query < count; query++) {
        const chosen = Math.floor(random() * count);
        for (let model = 0; model < models; model++) sums[model]! += values[model]![chosen]!;
      }
      for (let model = 0; model < models; model++) scores[model]! += (weight * sums[model]!) / count;
    }
    for (let model = 0; model < models; model++) {
      let better = 0;
      let equal = 0;
      for (const score of scores) {
        if (score > scores[model]!) better++;
        else if (score === scores[model]) equal++;
      }
      meanRanks[model]! += (better + (equal + 1) / 2) / draws;
      for (let index = better; index < better + equal; index++) shares[model]![index]! += 1 / equal / draws;
    }
  }
  return { shares, meanRanks };
}
