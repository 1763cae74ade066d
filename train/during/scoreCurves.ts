import type { LogEvent } from '../../checkpoints/run/log.js';
import type { ScoreCurve } from '../../eval/score/reportData.js';
import { longName } from './duringTasks.js';
import type { LoggedScore } from './scoring.js';

/** The scores while training that a run's log tells, a curve for each task or sample. */
export function scoreCurves(events: readonly LogEvent[]): ScoreCurve[] {
  const curves = new Map<string, ScoreCurve>();
  for (const { step, during } of events) {
    if (during === undefined) continue;
    const { metric, value, ...on } = during as LoggedScore;
    const curve = curves.get(on.hash) ?? { scoredOn: longName(on), metric, points: [] };
    curves.set(on.hash, { ...curve, points: [...curve.points, [step!, value]] });
  }
  return [...curves.values()];
}
