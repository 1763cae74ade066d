import type { GateRule } from '../../../configs/load/loadRetraining.js';
import type { ResultRow } from '../../../eval/score/reportData.js';
import { differences, isShown, type Difference } from '../../../eval/statistics/differences.js';

/** One task of the gate, with every number that the decision rests on. */
interface GateResult {
  task: string;
  metric: string;
  challenger: number;
  /** Null where there is no champion yet. */
  champion: number | null;
  floor: number | null;
  /** Challenger less champion, with its interval and tests; null where there is no champion. */
  difference: Difference | null;
  /** Why the challenger does not pass here; null where it does. */
  failure: string | null;
}

export interface Decision {
  outcome: 'promote' | 'keep';
  /** In one sentence. */
  why: string;
  rule: GateRule['rule'];
  margin: number | null;
  results: GateResult[];
}

/** The names under which `decide` finds the two in the results. */
export const challengerName = 'challenger';
export const championName = 'champion';

/**
 * Judge a challenger against the champion by a plan's rule. Where there is no champion, only the floors count.
 * `not-worse`: on no task does the 95 % interval of the difference reach below -margin. `better`: after Holm's correction
 * over the tasks a gain is shown on one of them at least, and a loss on none.
 * @param results  of both on every task of the gate, per query
 */
export function decide({ rule, margin, metric, floors }: GateRule, results: readonly ResultRow[]): Decision {
  const rows = metric === undefined ? results : results.map((row) => ({ ...row, metrics: only(row, metric) }));
  const tests = differences(rows, [{ model: challengerName, baseline: championName }]);
  const judged = rows
    .filter(({ model }) => model === challengerName)
    .map((row): GateResult => {
      const [name, challenger] = Object.entries(row.metrics)[0]!;
      const champion = rows.find(({ task, model }) => task === row.task && model === championName)?.metrics[name];
      const difference = tests.find(({ task }) => task === row.task) ?? null;
      const result = {
        task: row.task,
        metric: name,
        challenger,
        champion: champion ?? null,
        floor: floors[row.task] ?? null,
        difference,
      };
      return { ...result, failure: failureOf(result, rule, margin) };
    });
  const failures = judged.filter(({ failure }) => failure !== null);
  const gains = tests.filter((test) => test.difference > 0 && isShown(test));
  const parts = { rule, margin: margin ?? null, results: judged };
  if (failures.length > 0)
    return { outcome: 'keep', why: failures.map(({ task, failure }) => `${task}: ${failure}`).join('; '), ...parts };
  if (tests.length === 0)
    return { outcome: 'promote', why: 'there was no champion, and every floor is reached', ...parts };
  if (rule === 'better' && gains.length === 0) return { outcome: 'keep', why: 'a gain is shown on no task', ...parts };
  const why =
    rule === 'better'
      ? `a gain is shown on ${gains.map(({ task }) => task).join(', ')}, a loss on none`
      : `no task may have lost more than ${margin}`;
  return { outcome: 'promote', why, ...parts };
}

function failureOf(
  { challenger, floor, difference }: Omit<GateResult, 'failure'>,
  rule: GateRule['rule'],
  margin: number | undefined,
): string | null {
  if (floor !== null && challenger < floor) return `${challenger.toFixed(4)} is below the floor of ${floor}`;
  if (difference === null) return null;
  if (rule === 'not-worse' && difference.low < -margin!)
    return `the loss may be as large as ${(-difference.low).toFixed(4)}, above the margin of ${margin}`;
  if (rule === 'better' && difference.difference < 0 && isShown(difference))
    return `a loss of ${(-difference.difference).toFixed(4)} is shown (p ${difference.pHolm.toPrecision(2)})`;
  return null;
}

const only = ({ metrics }: ResultRow, metric: string) => ({ [metric]: metrics[metric]! });
