import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runFolder, runsRoot } from '../../checkpoints/run/folder.js';
import { noTextFile } from '../../eval/score/noText.js';
import { metricsFile } from '../../eval/score/scoreModel.js';
import { taskFolderName } from '../../eval/tasks/folderName.js';
import type { Task } from '../../eval/tasks/task.js';
import { trainingState, type TrainingState } from '../processes/trainingState.js';
import type { StudyCell } from './studyCells.js';

/** How far a cell is. */
export type CellState =
  | TrainingState
  /** Tasks that are still to be scored. */
  | { kind: 'unscored'; tasks: number };

/** Tell from what lies on the disk how far a cell is; nothing is changed. */
export async function cellState(cell: StudyCell, tasks: readonly Task[]): Promise<CellState> {
  if (cell.run !== undefined) {
    const training = await trainingState(cell.run);
    if (training.kind !== 'done') return training;
  }
  const scored = tasks.filter((task) => [metricsFile, noTextFile].some((file) => isThere(cell, task, file))).length;
  if (scored === tasks.length) return { kind: 'done' };
  return scored === 0 && cell.run === undefined
    ? { kind: 'to do' }
    : { kind: 'unscored', tasks: tasks.length - scored };
}

/** Whether a cell has a score, which BM25 has on no task without words. */
export const hasScores = (cell: StudyCell, tasks: readonly Task[]): boolean =>
  tasks.some((task) => isThere(cell, task, metricsFile));

const isThere = ({ results }: StudyCell, task: Task, file: string): boolean =>
  existsSync(join(results, taskFolderName(task), file));

/** Whether anything of a cell is there. */
export const hasBegun = (cell: StudyCell): boolean =>
  cell.run === undefined ? existsSync(cell.results) : existsSync(runFolder(runsRoot, cell.run).config);

/** A state in a few words. */
export function describeState(state: CellState): string {
  if (state.kind === 'unfinished') return `unfinished at update ${state.update} of ${state.updates}`;
  if (state.kind === 'unscored') return `${state.tasks} ${state.tasks === 1 ? 'task' : 'tasks'} not scored`;
  return state.kind;
}
