import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readRunConfig } from '../../checkpoints/run/config.js';
import { runFolder, runsRoot } from '../../checkpoints/run/folder.js';
import { readLog } from '../../checkpoints/run/log.js';
import { taskFolderName } from '../../eval/tasks/folderName.js';
import type { Task } from '../../eval/tasks/task.js';
import type { StudyCell } from './studyCells.js';

/** How far a cell is. */
export type CellState =
  | { kind: 'to do' }
  /** Training began; updates after the saved one are lost. */
  | { kind: 'unfinished'; update: number; updates: number }
  /** Tasks that are still to be scored. */
  | { kind: 'unscored'; tasks: number }
  | { kind: 'done' };

/** Tell from what lies on the disk how far a cell is; nothing is changed. */
export async function cellState(cell: StudyCell, tasks: readonly Task[]): Promise<CellState> {
  if (cell.run !== undefined) {
    const training = await trainingState(cell.run);
    if (training.kind !== 'done') return training;
  }
  const scored = tasks.filter((task) => existsSync(join(cell.results, taskFolderName(task), 'metrics.json'))).length;
  if (scored === tasks.length) return { kind: 'done' };
  return scored === 0 && cell.run === undefined
    ? { kind: 'to do' }
    : { kind: 'unscored', tasks: tasks.length - scored };
}

/** Whether anything of a cell is there. */
export const hasBegun = (cell: StudyCell): boolean =>
  cell.run === undefined ? existsSync(cell.results) : existsSync(runFolder(runsRoot, cell.run).config);

async function trainingState(run: string): Promise<CellState> {
  const paths = runFolder(runsRoot, run);
  if (!existsSync(paths.config)) return { kind: 'to do' };
  const { updates } = await readRunConfig(paths.config);
  const log = existsSync(paths.log) ? await readLog(paths.log) : [];
  if (existsSync(paths.adapter) && log.some(({ event, step }) => event === 'end' && step === updates))
    return { kind: 'done' };
  const names = existsSync(paths.state) ? await readdir(paths.state) : [];
  const steps = names.flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return { kind: 'unfinished', update: Math.max(0, ...steps), updates };
}

/** A state in a few words. */
export function describeState(state: CellState): string {
  if (state.kind === 'unfinished') return `unfinished at update ${state.update} of ${state.updates}`;
  if (state.kind === 'unscored') return `${state.tasks} ${state.tasks === 1 ? 'task' : 'tasks'} not scored`;
  return state.kind;
}
