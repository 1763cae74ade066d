import type { LogEvent } from '../../../checkpoints/run/log.js';
import type { Cost } from './comparison.js';
import type { ReadModel } from './readModel.js';

/** What a model took, from its log and its evaluations. The time of updates is that of each once, however often it was resumed. */
export function costOf({ log, evaluated }: ReadModel): Cost {
  const steps = log.filter(({ event }) => event === 'step');
  const seconds = sum(steps, ({ tokens, tokensPerSecond }) => Number(tokens) / Number(tokensPerSecond));
  const tokens = sum(steps, ({ tokens }) => Number(tokens));
  const peak = Math.max(...log.map(({ peakMegabytes }) => Number(peakMegabytes ?? NaN)).filter(Number.isFinite));
  const ofRun = evaluated.filter(({ of }) => of === 'run');
  const texts = sum(ofRun, ({ summary: { counts } }) => counts.queries + counts.documents);
  const searching = sum(ofRun, ({ summary }) => summary.seconds);
  return {
    ...(seconds > 0 && { trainingSeconds: seconds, tokensPerSecond: tokens / seconds }),
    ...(Number.isFinite(peak) && { peakMegabytes: peak }),
    ...(texts > 0 && searching > 0 && { textsPerSecond: texts / searching }),
  };
}

/** Costs of runs that differ in their seed alone, as one: means, of the memory the most. */
export function meanCost(costs: readonly Cost[]): Cost {
  const mean = (field: keyof Cost) => {
    const values = costs.flatMap((cost) => cost[field] ?? []);
    return values.length === 0 ? {} : { [field]: sum(values, Number) / values.length };
  };
  const peaks = costs.flatMap(({ peakMegabytes }) => peakMegabytes ?? []);
  return {
    ...mean('trainingSeconds'),
    ...mean('tokensPerSecond'),
    ...mean('textsPerSecond'),
    ...(peaks.length > 0 && { peakMegabytes: Math.max(...peaks) }),
  };
}

/** Training curves as the log has them. */
export const stepsOf = (log: readonly LogEvent[]) =>
  log.flatMap(({ event, step, loss, learningRate, gradNorm }) =>
    event === 'step'
      ? [
          {
            step: step!,
            loss: loss as number,
            learningRate: learningRate as number,
            ...(typeof gradNorm === 'number' && { gradNorm }),
          },
        ]
      : [],
  );

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + (Number.isFinite(of(item)) ? of(item) : 0), 0);
