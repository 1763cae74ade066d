import type { Contract } from '../../configs/contract.js';
import type { PerQuery } from '../measure/perQuery.js';

/** How one model did on one task. */
export interface ResultRow {
  task: string;
  /** What the model is called in the report, such as base, tuned or BM25. */
  model: string;
  /** Means by metric name; the first is the one that models are compared by. */
  metrics: Record<string, number>;
  /** Why there are none. */
  note?: string;
  /** The same for each query; without it nothing is tested. */
  perQuery?: PerQuery;
}

/** Two models by the names they have in the report. */
export interface Pair {
  model: string;
  baseline: string;
}

export interface TrainingStep {
  step: number;
  loss: number;
  learningRate: number;
  /** Before clipping. */
  gradNorm?: number;
}

/** What one metric came to on a task, or a sample of it, while the run was trained. */
export interface ScoreCurve {
  /** A sample says that it is one, of how many queries and documents, and which. */
  scoredOn: string;
  metric: string;
  points: [step: number, value: number][];
}

/** What a report is made of: the page, the JSON file and the table on the screen all come from it. */
export interface ReportData {
  title: string;
  /** Stated at the top, in this order. */
  facts: [label: string, value: string][];
  /** Training curves of the run; empty where there are none. */
  steps: TrainingStep[];
  results: ResultRow[];
  contract: Contract | null;
  /** Curves of several runs, in place of `steps`. */
  curves?: { name: string; steps: TrainingStep[] }[];
  /** Scores while the run was trained; none where absent. */
  scores?: ScoreCurve[];
  /** Which models are tested against which; tuned against base where not given. */
  pairs?: Pair[];
  /** Said first, such as why runs cannot be compared. */
  warnings?: string[];
}
