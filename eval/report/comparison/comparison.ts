import type { Contract } from '../../../configs/contract.js';
import type { Average } from '../../score/averages.js';
import type { Difference } from '../../statistics/differences.js';
import type { ResultRow, TrainingStep } from '../../score/reportData.js';
import type { RankShares } from '../../statistics/rankShares.js';
import type { Standing } from '../../statistics/standings.js';
import type { TaskIdentity } from '../../tasks/identity.js';
import type { TaskGroup } from './taskGroups.js';

/** What sets the rows of a result table apart, in the order in which they are shown. */
export const settings = ['Fine-tuned', 'Not fine-tuned', 'BM25', 'Published by others'] as const;
export type Setting = (typeof settings)[number];

/** One row of the result table: a run, several runs that differ in their seed alone, or what they are compared with. */
export interface ComparedModel {
  name: string;
  setting: Setting;
  /** One sentence: base, recipe, updates; or where published figures come from. */
  about: string;
  /** Names of its runs; empty where none was trained here. */
  runs: string[];
  contract: Contract | null;
  cost: Cost;
}

/** What a model took, as far as its runs recorded it; means over its runs. */
export interface Cost {
  /** Seconds of updates, evaluation not counted. */
  trainingSeconds?: number;
  tokensPerSecond?: number;
  peakMegabytes?: number;
  /** Queries and documents encoded and searched in a second of evaluation. */
  textsPerSecond?: number;
}

/** A model's values on a task. */
export interface ComparedRow extends ResultRow {
  /** Standard deviation between runs of several seeds, by metric. */
  spread?: Record<string, number>;
  /** Runs that the values are means over; fewer than the model has where not every seed was evaluated. */
  runs?: number;
  /** Folders with run.trec; several where seeds are. */
  folders: string[];
  /** Queries of the task; 0 where it is not known. */
  queries: number;
}

/** A task of the comparison. */
export interface ComparedTask {
  name: string;
  identity: TaskIdentity;
  group: TaskGroup;
  /** The first is the one that models are compared by. */
  metrics: string[];
}

export interface Curve {
  name: string;
  /** The model whose colour the curve has. */
  model: string;
  steps: TrainingStep[];
  isPublished: boolean;
}

/** How alike the tasks rank the models, and how firm the ranking by their mean is. */
export interface Stability {
  models: string[];
  tasks: string[];
  /** Kendall's tau-b of each pair of tasks; null where a task ranks nothing. */
  taus: (number | null)[][];
  /** Of the ranking by the mean over the tasks. */
  ranks: RankShares;
  /** Of each model by that mean. */
  standings: Standing[];
}

/** What one setting or field of the contract is for each model; only those that differ. */
export interface FieldDifference {
  field: string;
  /** By model. */
  values: Record<string, string>;
  /** What follows from the base, and so is part of what is compared. */
  isOfBase: boolean;
}

export interface Comparison {
  title: string;
  /** Why this is no comparison, one line each; empty where it is one. */
  objections: string[];
  /** What a reader should know, such as texts that were not found. */
  notes: string[];
  models: ComparedModel[];
  tasks: ComparedTask[];
  rows: ComparedRow[];
  /** Means over the sets of configs/tasks/ that a model was scored on as a whole, each member counted once. */
  averages: Average[];
  /** The model that others are tested against. */
  baseline: string;
  differences: Difference[];
  fields: FieldDifference[];
  curves: Curve[];
  stability: Stability | null;
}

/** The row of a model on a task. */
export const rowOf = ({ rows }: Pick<Comparison, 'rows'>, model: string, task: string): ComparedRow | undefined =>
  rows.find((row) => row.model === model && row.task === task);

/** The means of a model over the first metric of tasks, for each group; null where it lacks one of them. */
export function groupMean(comparison: Pick<Comparison, 'rows'>, model: string, tasks: ComparedTask[]): number | null {
  const values = tasks.map(({ name, metrics }) => rowOf(comparison, model, name)?.metrics[metrics[0]!]);
  if (values.some((value) => value === undefined)) return null;
  return values.reduce<number>((sum, value) => sum + value!, 0) / values.length;
}
