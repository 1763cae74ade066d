import type { MadeBase, Study } from '../../configs/load/loadStudy.js';
import type { Task } from '../../eval/tasks/task.js';
import { cellState, describeState, type CellState } from './cellState.js';
import type { CommandSignal } from '../../configs/cli/watchSignals.js';
import type { Commands, RunCommand } from '../processes/spawnCommand.js';
import { clearAborted } from '../processes/trainingState.js';
import { enterCell } from './journal.js';
import { isMade, madeBase, makingArguments } from './madeBase.js';
import type { Slot } from './parallel/slots.js';
import type { StudyScreen } from './parallel/studyTable.js';
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
  /** Processes that train and encode each cell together; one where undefined. */
  ranks?: number | undefined;
  runCommand: RunCommand;
  signal: CommandSignal;
  screen: StudyScreen;
  /** Cells are worked on in all of these at a time. */
  slots: readonly Slot[];
}

/** What the cells of one study share while they are worked on. */
interface Shared extends StudyWork {
  /** Bases that are being made or were: why that failed, undefined where it did not. */
  making: Map<string, Promise<string | undefined>>;
  /** The journal is read and written as a whole, by one cell after the other. */
  enter(cell: StudyCell): Promise<void>;
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
 * Work through the cells that are not done, each in processes of its own, as many at a time as there are slots. One that
 * fails is recorded and the others go on; an interruption ends the study when the commands under way have saved.
 * @returns what became of each cell, in their order
 */
export async function runStudy(work: StudyWork): Promise<CellEnd[]> {
  let entered: Promise<void> = Promise.resolve();
  const enter = (cell: StudyCell) => (entered = entered.catch(() => {}).then(() => enterCell(work.study.name, cell)));
  const shared: Shared = { ...work, making: new Map(), enter };
  const ends: CellEnd[] = [];
  let next = 0;
  const inSlot = async (slot: Slot) => {
    while (next < work.cells.length) {
      const place = next++;
      ends[place] = await endOf(shared, work.cells[place]!, slot);
    }
  };
  await Promise.all(work.slots.map(inSlot));
  return ends;
}

async function endOf(work: Shared, cell: StudyCell, slot: Slot): Promise<CellEnd> {
  const startMs = Date.now();
  const end = (outcome: CellEnd['outcome'], reason = ''): CellEnd => {
    work.screen.ended(cell.name, reason === '' ? outcome : `${outcome}: ${reason}`);
    return { cell, outcome, reason, seconds: (Date.now() - startMs) / 1000 };
  };
  const state = await cellState(cell, work.tasks);
  if (state.kind === 'done') return end('was done');
  if (work.signal.isAsked()) return end('not begun');
  work.screen.begun(cell.name, describeState(state));
  const failure = await workThroughCell(work, cell, state, slot);
  if (failure === undefined) return end('done');
  return work.signal.isAsked() ? end('interrupted') : end('failed', failure);
}

/** @returns why it failed or was stopped; undefined when it is done */
async function workThroughCell(
  work: Shared,
  cell: StudyCell,
  state: CellState,
  slot: Slot,
): Promise<string | undefined> {
  const { made } = cell.base ?? {};
  if (made && !isMade(madeBase(made))) {
    if (!work.making.has(made.name)) work.making.set(made.name, makeBase(work, cell, made, slot));
    const failure = await work.making.get(made.name);
    if (failure !== undefined) return `its base was not made: ${failure}`;
  }
  await work.enter(cell);
  for (const { command, args } of await commandsFor(work, cell, state)) {
    const failure = await attempt(work, cell, slot, command, args);
    if (failure !== undefined) return failure;
  }
  const after = await cellState(cell, work.tasks);
  return after.kind === 'done' ? undefined : `its commands ended, yet it is ${describeState(after)}`;
}

async function makeBase(work: Shared, cell: StudyCell, made: MadeBase, slot: Slot): Promise<string | undefined> {
  work.screen.said(cell.name, `making base ${made.name}: ${made.from} pretrained further on ${made.text} text`);
  return attempt(work, cell, slot, 'pretrain-demo', makingArguments(made));
}

async function attempt(
  { screen, signal, runCommand }: Shared,
  { name }: StudyCell,
  { env }: Slot,
  command: Commands,
  args: readonly string[],
): Promise<string | undefined> {
  if (signal.isAsked()) return 'interrupted';
  const { code, reason } = await runCommand(command, args, (line) => screen.said(name, line), signal, env);
  return code === 0 ? undefined : reason || `exit code ${code}`;
}

async function commandsFor(
  { study, set, data, ranks }: StudyWork,
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
  const shared = ranks === undefined ? [] : ['--ranks', `${ranks}`];
  const base = 'folder' in cell.base!.named.source ? cell.base!.named.source.folder : cell.base!.text;
  if (cell.kind === 'zero-shot') {
    const model = ['--model', `base:${cell.base!.made ? base : cell.base!.text}`];
    return [
      { command: 'eval', args: [...model, '--recipe', recipe, '--output', cell.results, ...kept, ...shared, ...tasks] },
    ];
  }
  const run = cell.run!;
  const scoring = { command: 'eval' as const, args: ['--model', `run:${run}`, ...kept, ...shared, ...tasks] };
  if (state.kind === 'unscored') return [scoring];
  if (state.kind === 'unfinished') return [{ command: 'train', args: ['--run', run, '--resume', ...shared] }, scoring];
  await clearAborted(run);
  const overrides = trainingOverrides([...study.set, ...set], cell.seed!).flatMap((setting) => ['--set', setting]);
  const told = ['--base', cell.base!.made ? base : cell.base!.text, '--recipe', recipe, '--run', run];
  return [{ command: 'train', args: [...told, ...overrides, ...shared, '--data', ...data] }, scoring];
}
