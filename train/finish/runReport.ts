import type { LogEvent } from '../../checkpoints/run/log.js';
import type { ReportData, ResultRow } from '../../eval/score/reportData.js';
import type { AdapterProof } from '../../eval/encoder/proveAdapter.js';
import { longName, type DuringTask } from '../during/duringTasks.js';
import { scoreCurves } from '../during/scoreCurves.js';
import type { Best } from '../during/standing.js';
import type { OpenTraining } from '../loop/open/openTraining.js';

/** What a run that reached its end has to show. */
export interface FinishedRun {
  proof: AdapterProof;
  results: ResultRow[];
  seconds: number;
  /** The last update made. */
  last: number;
  /** The update whose adapter was exported because it scored best, if that decided. */
  best: Best | undefined;
}

/** A finished run's report: what it was, its curve, its results. */
export function runReport(
  { record, contract, paths, during }: OpenTraining,
  { proof, results, seconds, last, best }: FinishedRun,
  events: LogEvent[],
): ReportData {
  const { settings, updates, rows } = record;
  const { queriesPerPool, passagesPerQuery, poolsPerUpdate } = settings.training;
  const { rank, alpha, targets } = settings.lora;
  const steps = events.flatMap(({ event, step, loss, learningRate }) =>
    event === 'step' ? [{ step: step!, loss: loss as number, learningRate: learningRate as number }] : [],
  );
  return {
    title: `Run ${paths.name}`,
    facts: [
      ['Base', record.base.name],
      ['Recipe', record.recipe],
      ['Training rows', String(rows)],
      [
        'Updates',
        `${updates} of ${poolsPerUpdate * queriesPerPool} queries${last < updates ? `; stopped after ${last}` : ''}`,
      ],
      ...(best ? [['Best', bestOf(best, during[0]!)] as [string, string]] : []),
      ['Pool', `${queriesPerPool} queries, ${queriesPerPool * passagesPerQuery} passages`],
      ['Adapter', `LoRA rank ${rank}, alpha ${alpha}, on ${targets.join(', ')}`],
      ['Precision', contract.precision],
      ['Proof of the adapter', `read back within ${proof.largestDifference.toExponential(1)} of training`],
      ['Time of this start', `${seconds.toFixed(0)} s`],
    ],
    steps,
    results,
    scores: scoreCurves(events),
    contract,
  };
}

/** What decided that this state is exported, and by what. */
const bestOf = ({ update, value }: Best, { task, scoredOn }: DuringTask): string =>
  `after update ${update}, by ${task.metrics[0]} ${value.toFixed(4)} on ${longName(scoredOn)}`;
