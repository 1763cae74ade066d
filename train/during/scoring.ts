import type { RunLog } from '../../checkpoints/run/log.js';
import type { EventFile } from '../../checkpoints/run/tensorboard.js';
import type { RunConfig } from '../../configs/schema.js';
import type { Encoder } from '../../eval/encoder/encoder.js';
import { shortName, type DuringTask, type ScoredOn } from './duringTasks.js';
import { scoreNow, type DuringScore } from './scoreNow.js';
import { isDue, isOutOfPatience, standingAfter, type Standing } from './standing.js';

/** What is told of scoring while training. */
export interface ScoringScreen {
  onScoring(name: string, done: number, all: number): void;
  onScores(update: number, scores: readonly DuringScore[], standing: Standing): void;
}

/** What a line of the log says of a score while training. */
export interface LoggedScore extends ScoredOn {
  /** The one that counts. */
  metric: string;
  value: number;
}

/** Scores of an adapter between its updates. */
export interface Scoring {
  standing(): Standing;
  /** Whether so many scorings brought no better one that training is to end. */
  isAtEnd(): boolean;
  /**
   * Score the adapter after an update that is followed by a scoring and was not scored yet; say so in log and event file.
   * @returns whether it scored, and whether no earlier one was as good
   */
  after(update: number): Promise<{ isScored: boolean; isBest: boolean }>;
}

/**
 * @param tasks  none where another process of the run scores
 * @param from   the standing that a resumed run goes on with
 */
export function openScoring(
  { training, evaluation }: RunConfig,
  updates: number,
  tasks: readonly DuringTask[],
  from: Standing,
  encoder: Encoder,
  { log, events }: { log: RunLog; events: Pick<EventFile, 'scalar'> },
  screen: ScoringScreen,
): Scoring {
  let standing = from;
  return {
    standing: () => standing,
    isAtEnd: () => isOutOfPatience(standing, training.patience),
    async after(update) {
      if (tasks.length === 0 || update <= standing.scored || !isDue(update, updates, evaluation.everySteps))
        return { isScored: false, isBest: false };
      const scores = await scoreNow(tasks, encoder, screen.onScoring);
      standing = standingAfter(standing, update, Object.values(scores[0]!.metrics)[0]!);
      for (const { on, metrics } of scores) {
        const [metric, value] = Object.entries(metrics)[0]!;
        const during: LoggedScore = { ...on, metric, value };
        log.log.info('eval', { step: update, task: shortName(on), model: 'tuned', during, ...metrics });
        for (const [name, value] of Object.entries(metrics))
          events.scalar(`during/${tagOf(on)}/${name}`, value, update);
      }
      screen.onScores(update, scores, standing);
      return { isScored: true, isBest: standing.best!.update === update };
    },
  };
}

/** TensorBoard groups tags by what stands before a slash. */
const tagOf = (on: DuringScore['on']) => shortName(on).replace(/[^\w.@-]+/g, '-');
