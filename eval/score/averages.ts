import type { ResultRow } from './reportData.js';
import { tasksOf } from '../tasks/task.js';
import { isSet, type TaskNode } from '../tasks/taskFile.js';

/** A mean over the members of a set: each member counts once, whatever its number of queries. */
export interface Average {
  task: string;
  model: string;
  metrics: Record<string, number>;
  members: number;
}

/**
 * Results in the order of the tasks, with a row for each averaged set in front of its members. A set has a row for each
 * model that was scored on all of its members, with the metrics that all of them have.
 */
export function withAverages(nodes: readonly TaskNode[], rows: readonly ResultRow[]): ResultRow[] {
  return nodes.flatMap((node) => {
    if (!isSet(node)) return rows.filter(({ task }) => task === node.name);
    return [
      ...averagesOf(node, rows).map(({ task, model, metrics, members }) => ({
        task: `${task} (mean of ${members})`,
        model,
        metrics,
      })),
      ...withAverages(node.members, rows),
    ];
  });
}

/** @returns one row a model; none for a set without a mean */
export function averagesOf(node: TaskNode, rows: readonly ResultRow[]): Average[] {
  if (!isSet(node) || !node.isAveraged) return [];
  const names = new Set(tasksOf(node).map(({ name }) => name));
  const models = [...new Set(rows.filter(({ task }) => names.has(task)).map(({ model }) => model))];
  return models.flatMap((model) => {
    const ofModel = rows.filter((row) => row.model === model);
    const members = node.members.map((member) => metricsOf(member, ofModel));
    if (members.some((metrics) => metrics === undefined)) return [];
    return [{ task: node.name, model, metrics: meanOf(members as Metrics[]), members: members.length }];
  });
}

type Metrics = Record<string, number>;

function metricsOf(node: TaskNode, rows: readonly ResultRow[]): Metrics | undefined {
  if (!isSet(node)) return rows.find(({ task, note }) => task === node.name && note === undefined)?.metrics;
  const members = node.members.map((member) => metricsOf(member, rows));
  return members.some((metrics) => metrics === undefined) ? undefined : meanOf(members as Metrics[]);
}

function meanOf(all: readonly Metrics[]): Metrics {
  const shared = Object.keys(all[0]!).filter((name) => all.every((metrics) => metrics[name] !== undefined));
  const mean = (name: string) => all.reduce((sum, metrics) => sum + metrics[name]!, 0) / all.length;
  return Object.fromEntries(shared.map((name) => [name, mean(name)]));
}
