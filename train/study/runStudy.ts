import type { MadeBase, Study } from '../../configs/load/loadStudy.js';
import type { Task } from '../../eval/tasks/task.js';
import { cellState, describeState, type CellState } from './cellState.js';
import type { Commands, CommandSignal, RunCommand } from '../processes/spawnCommand.js';
import { clearAborted } from '../processes/trainingState.js';
import { enterCell } from './journal.js';
import { isMade, madeBase, makingArguments } from './madeBase.js';
import { trainingOverrides, type StudyCell } from './studyCells.js';

/** What the cells of a study are worked through with. */
export interface StudyWork {
  study: Study;
  cells: readonly StudyCell[];
  tasks: readonly Task[];
  /** Overrides of training settings, beside the study's own. */
  set: readonly string[];
  /** Training files. */
  data: readonly string[];
  runCommand: RunCommand;
  signal: CommandSignal;
  say: (line: string) => void;
}

/** What became of a cell. */
export interface CellEnd {
  cell: StudyCell;
  /** `interrupted` and what comes after it were not finished. */
  outcome: 'was done' | 'done' | 'failed' | 'interrupted' | 'not begun';
  reason: string;
  seconds: number;
}

/**
 * Work through the cells that are not done, each in processes of its own. One that fails is recorded and the others go
 * on; an interruption ends the study when the command under way has saved.
 */
export async function runStudy(work: StudyWork): Promise<CellEnd[]> {
  const ends: CellEnd[] = [];
  const failedBases = new Map<string, string>();
  for (const [place, cell] of work.cells.entries()) {
    const startMs = Date.now();
    const end = (outcome: CellEnd['outcome'], reason = '') =>
      ends.push({ cell, outcome, reason, seconds: (Date.now() - startMs) / 1000 });
    const state = await cellState(cell, work.tasks);
    if (state.kind === 'done') {
      end('was done');
      continue;
    }
    if (work.signal.isAsked()) {
      end('not begun');
      continue;
    }
    work.say(`cell ${place + 1} of ${work.cells.length}: ${cell.name}, ${describeState(state)}`);
    const failure = await workThroughCell(work, cell, state, failedBases);
    if (failure === undefined) end('done');
    else if (work.signal.isAsked()) end('interrupted');
    else {
      end('failed', failure);
      work.say(`cell ${cell.name} failed: ${failure}`);
    }
  }
  return ends;
}

/** @returns why it failed or was stopped; undefined when it is done */
async function workThroughCell(
  work: StudyWork,
  cell: StudyCell,
  state: CellState,
  failedBases: Map<string, string>,
): Promise<string | undefined> {
  const { made } = cell.base ?? {};
  if (made && !isMade(madeBase(made))) {
    const earlier = failedBases.get(made.name);
    const failure = earlier ?? (await makeBase(work, made));
    if (failure !== undefined) failedBases.set(made.name, failure);
    if (failure !== undefined) return `its base was not made: ${failure}`;
  }
  await enterCell(work.study.name, cell);
  for (const { command, args } of await commandsFor(work, cell, state)) {
    const failure = await attempt(work, command, args);
    if (failure !== undefined) return failure;
  }
  const after = await cellState(cell, work.tasks);
  return after.kind === 'done' ? undefined : `its commands ended, yet it is ${describeState(after)}`;
}

async function makeBase(work: StudyWork, made: MadeBase): Promise<string | undefined> {
  work.say(`making base ${made.name}: ${made.from} pretrained further on ${made.text} text`);
  return attempt(work, 'pretrain-demo', makingArguments(made));
}

async function attempt(work: StudyWork, command: Commands, args: readonly string[]): Promise<string | undefined> {
  if (work.signal.isAsked()) return 'interrupted';
  const { code, reason } = await work.runCommand(command, args, (line) => work.say(`  ${line}`), work.signal);
  return code === 0 ? undefined : reason || `exit code ${code}`;
}

async function commandsFor(
  { study, set, data }: StudyWork,
  cell: StudyCell,
  state: CellState,
): Promise<{ command: Commands; args: string[] }[]> {
  const tasks = [
    '--tasks',
    study.tasks.join(','),
    ...(study.tasksDir === undefined ? [] : ['--tasks-dir', study.tasksDir]),
  ];
  if (cell.kind === 'bm25') return [{ command: 'eval', args: ['--model', 'bm25', ...tasks] }];
  const { recipe } = cell.setting!;
  const kept = ['--cache-gigabytes', `${cell.config!.evaluation.cacheGigabytes}`];
  const base = 'folder' in cell.base!.named.place ? cell.base!.named.place.folder : cell.base!.text;
  if (cell.kind === 'zero-shot') {
    const model = ['--model', `base:${cell.base!.made ? base : cell.base!.text}`];
    return [{ command: 'eval', args: [...model, '--recipe', recipe, '--output', cell.results, ...kept, ...tasks] }];
  }
  const run = cell.run!;
  const scoring = { command: 'eval' as const, args: ['--model', `run:${run}`, ...kept, ...tasks] };
  if (state.kind === 'unscored') return [scoring];
  if (state.kind === 'unfinished') return [{ command: 'train', args: ['--run', run, '--resume'] }, scoring];
  await clearAborted(run);
  const overrides = trainingOverrides([...study.set, ...set], cell.seed!).flatMap((setting) => ['--set', setting]);
  const told = ['--base', cell.base!.made ? base : cell.base!.text, '--recipe', recipe, '--run', run];
  return [{ command: 'train', args: [...told, ...overrides, '--data', ...data] }, scoring];
}
