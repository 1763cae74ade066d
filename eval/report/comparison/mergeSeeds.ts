import type { PerQuery } from '../../measure/perQuery.js';
import type { ComparedRow } from './comparison.js';
import type { Evaluated, ReadModel } from './readModel.js';
import { differInSeedOnly } from './differences/fieldDifferences.js';

/**
 * Runs that differ in nothing but their seed, together; every other model alone. Groups and their members are in the order
 * given, but which run belongs to which does not hang on it.
 */
export function groupBySeed(models: readonly ReadModel[]): ReadModel[][] {
  const groups: ReadModel[][] = [];
  const byName = [...models].sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const model of byName) {
    const group = groups.find((members) => members.every((member) => differInSeedOnly(member, model)));
    if (group) group.push(model);
    else groups.push([model]);
  }
  const place = (model: ReadModel) => models.indexOf(model);
  for (const group of groups) group.sort((one, other) => place(one) - place(other));
  return groups.sort(([one], [other]) => place(one!) - place(other!));
}

/**
 * The results of a group on one task as one row: means over its runs, also for each query, and the standard deviation
 * between the runs.
 * @param found  one a run, at least one
 */
export function mergedRow(model: string, task: string, found: readonly Evaluated[]): ComparedRow {
  const [first] = found;
  const names = Object.keys(first!.summary.metrics).filter((name) =>
    found.every(({ summary }) => summary.metrics[name] !== undefined),
  );
  const valuesOf = (name: string) => found.map(({ summary }) => summary.metrics[name]!);
  return {
    task,
    model,
    metrics: Object.fromEntries(names.map((name) => [name, mean(valuesOf(name))])),
    ...(found.length > 1 && { spread: Object.fromEntries(names.map((name) => [name, deviation(valuesOf(name))])) }),
    perQuery: found.length === 1 ? first!.perQuery : meanPerQuery(found, names),
    runs: found.length,
    folders: found.map(({ folder }) => folder),
    queries: first!.summary.counts?.queries ?? first!.perQuery.size,
  };
}

function meanPerQuery(found: readonly Evaluated[], names: readonly string[]): PerQuery {
  const [first] = found;
  const merged: PerQuery = new Map();
  for (const query of first!.perQuery.keys()) {
    const all = found.map(({ perQuery }) => perQuery.get(query));
    if (all.some((each) => each === undefined)) continue;
    merged.set(query, Object.fromEntries(names.map((name) => [name, mean(all.map((each) => each![name]!))])));
  }
  return merged;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}
