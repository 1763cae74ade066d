import type { LogEvent } from '../../checkpoints/run/log.js';
import type { ReportData, ResultRow } from '../../eval/score/reportData.js';
import type { AdapterProof } from '../../eval/encoder/proveAdapter.js';
import type { OpenTraining } from '../loop/openTraining.js';

/** What a run that reached its end has to show. */
export interface FinishedRun {
  proof: AdapterProof;
  results: ResultRow[];
  seconds: number;
}

/** A finished run's report: what it was, its curve, its results. */
export function runReport(
  { record, contract, paths }: OpenTraining,
  { proof, results, seconds }: FinishedRun,
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
      ['Updates', `${updates} of ${poolsPerUpdate * queriesPerPool} queries`],
      ['Pool', `${queriesPerPool} queries, ${queriesPerPool * passagesPerQuery} passages`],
      ['Adapter', `LoRA rank ${rank}, alpha ${alpha}, on ${targets.join(', ')}`],
      ['Precision', contract.precision],
      ['Proof of the adapter', `read back within ${proof.largestDifference.toExponential(1)} of training`],
      ['Time of this start', `${seconds.toFixed(0)} s`],
    ],
    steps,
    results,
    contract,
  };
}
