import { taskKey } from '../../tasks/identity.js';
import { kendallTau } from '../../statistics/kendallTau.js';
import { rankShares } from '../../statistics/rankShares.js';
import { standings } from '../../statistics/standings.js';
import { rowOf, type ComparedRow, type ComparedTask, type Stability } from './comparison.js';

/**
 * How alike the tasks rank the models, and how firm the ranking by their mean is. Over the tasks that all of the models
 * have values of single queries for; null with fewer than two models or no such task. The parts of a set, such as the
 * forums of CQADupStack, are one task: their mean counts.
 */
export function stabilityOf(
  rows: ComparedRow[],
  models: readonly string[],
  tasks: readonly ComparedTask[],
): Stability | null {
  const sets = new Map<string, { name: string; parts: Float64Array[][] }>();
  for (const task of tasks) {
    const values = valuesOf(rows, models, task);
    if (!values) continue;
    const { identity, name } = task;
    const key = identity.part === null ? name : taskKey({ ...identity, part: null });
    const set = sets.get(key) ?? { name: identity.part === null ? name : identity.set, parts: [] };
    set.parts.push(values);
    sets.set(key, set);
  }
  const common = [...sets.values()];
  if (models.length < 2 || common.length === 0) return null;
  const means = common.map(({ parts }) => models.map((_, model) => mean(parts.map((values) => mean(values[model]!)))));
  const parts = common.map((set) => set.parts);
  const ranks = rankShares(parts, seed);
  return {
    models: [...models],
    tasks: common.map(({ name }) => name),
    taus: means.map((one) => means.map((other) => kendallTau(one, other))),
    ranks,
    standings: standings(parts, ranks, seed),
  };
}

const seed = 0;

/** The values of each model over the queries that all of them have, in the same order. */
function valuesOf(
  rows: ComparedRow[],
  models: readonly string[],
  { name, metrics }: ComparedTask,
): Float64Array[] | undefined {
  const own = models.map((model) => rowOf({ rows }, model, name)?.perQuery);
  if (own.some((perQuery) => perQuery === undefined)) return undefined;
  const metric = metrics[0]!;
  const queries = [...own[0]!.keys()].filter((query) =>
    own.every((perQuery) => perQuery!.get(query)?.[metric] !== undefined),
  );
  if (queries.length === 0) return undefined;
  return own.map((perQuery) => Float64Array.from(queries, (query) => perQuery!.get(query)![metric]!));
}

const mean = (values: ArrayLike<number>) => {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]!;
  return sum / values.length;
};
