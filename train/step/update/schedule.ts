import type { RunConfig } from '../../../configs/schema.js';

/**
 * Learning rate of one update as a share of the peak.
 * Source: log-warmup is DeepSpeed's `WarmupDecayLR` as the study logged it. linear and cosine have the shapes of Hugging
 * Face's schedules, placed so that neither the first nor the last update has a rate of 0.
 * @param update        1 for the first update, `totalUpdates` for the last
 * @param totalUpdates  updates of the whole run
 */
export function rateShare({ kind, warmupSteps }: RunConfig['schedule'], update: number, totalUpdates: number): number {
  const isWarmingUp = update <= warmupSteps;
  if (kind === 'log-warmup') {
    if (isWarmingUp) return warmupSteps === 1 ? 1 : Math.log(update) / Math.log(warmupSteps);
    return (totalUpdates + 1 - update) / Math.max(1, totalUpdates - warmupSteps);
  }
  if (isWarmingUp) return update / warmupSteps;
  const remaining = (totalUpdates + 1 - update) / (totalUpdates + 1 - warmupSteps);
  return kind === 'linear' ? remaining : (1 + Math.cos(Math.PI * (1 - remaining))) / 2;
}
