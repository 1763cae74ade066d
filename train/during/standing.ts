import type { SavedState } from '../../checkpoints/run/state.js';
import { UserError } from '../../configs/userError.js';
import type { DuringTask } from './duringTasks.js';

/** What the scores while training have come to. It is part of a saved state: a run that goes on decides as one that never stopped. */
export interface Standing {
  /** The last update whose adapter was scored; 0 before the first. */
  scored: number;
  best?: Best;
  /** Scorings since the best, without a better one. */
  since: number;
}

/** The update whose adapter scored best, and how. */
export interface Best {
  update: number;
  value: number;
}

/** Before the first scoring. */
export const noScores: Standing = { scored: 0, since: 0 };

/** The standing after a further scoring. Of equal values the first stays the best. */
export function standingAfter({ best, since }: Standing, update: number, value: number): Standing {
  if (best === undefined || value > best.value) return { scored: update, best: { update, value }, since: 0 };
  return { scored: update, best, since: since + 1 };
}

/** Whether a scoring follows an update: every so many, and the last. */
export const isDue = (update: number, updates: number, everySteps: number | undefined): boolean =>
  everySteps !== undefined && update > 0 && (update % everySteps === 0 || update === updates);

/** Whether so many scorings in a row brought no better one. */
export const isOutOfPatience = ({ since }: Standing, patience: number | undefined): boolean =>
  patience !== undefined && since >= patience;

/** Names a standing in what a state holds beside its numbers. */
const savedName = 'during';

/** A state that tells the standing, and on what it was scored. */
export const withStanding = <T extends { data: object }>(
  state: T,
  standing: Standing,
  tasks: readonly DuringTask[],
): T => ({
  ...state,
  data: { ...state.data, [savedName]: { ...standing, on: tasks.map(({ scoredOn: { hash } }) => hash) } },
});

/** The standing that a state tells. */
export function savedStanding(state: Pick<SavedState, 'data'> | undefined): Standing {
  const { on: _, ...standing } = (state?.data[savedName] ?? { ...noScores, on: [] }) as Standing & { on: string[] };
  return standing;
}

/** @throws UserError where a task is not what it was when the state was saved: its scores would be of something else */
export function requireSameTasks(run: string, { data }: Pick<SavedState, 'data'>, tasks: readonly DuringTask[]): void {
  const saved = data[savedName] as { on: string[] } | undefined;
  const changed = tasks.find(({ scoredOn }, index) => saved && saved.on[index] !== scoredOn.hash);
  if (changed)
    throw new UserError(
      `the data of task ${changed.task.name}, which run ${run} is scored on while it trains, is not what it was; put ` +
        'the old data back, or start a new run',
    );
}
