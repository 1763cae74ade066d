import { join } from 'node:path';
import { lockRun } from '../../checkpoints/run/lock.js';
import { runCommand, type Command } from '../../configs/cli/cli.js';
import { withBar } from '../../configs/cli/progress.js';
import { loadStudy, type Study } from '../../configs/load/loadStudy.js';
import { makeFolder } from '../../data/files/makeFolder.js';
import { UserError } from '../../configs/userError.js';
import { openExamples } from '../../data/arrow/openExamples.js';
import { requireWholeSets } from '../../data/files/wholeSet.js';
import { madeForTasks, prepareMade } from '../../eval/demonstration/madeData.js';
import { requireTaskData, type Task } from '../../eval/tasks/task.js';
import { loadTaskList } from '../../eval/tasks/taskList.js';
import { comparisonTable } from '../../eval/report/output/comparisonTable.js';
import { requireWhole } from '../../configs/cli/whole.js';
import { liveLines } from '../../configs/cli/liveLines.js';
import { visibleCards } from '../../model/engine/native/cards.js';
import { requireQueries, requireRanks } from '../../model/ranks/requireRanks.js';
import { spawnCommand } from '../processes/spawnCommand.js';
import { watchSignals } from '../../configs/cli/watchSignals.js';
import { bestLines, compareStudy, type StudyComparison } from '../study/compareStudy.js';
import { withContent } from '../study/cellContent.js';
import { readJournal, requireUnchanged, studyFolder } from '../study/journal.js';
import { planStudy } from '../study/planStudy.js';
import { duration, planJson, planTable } from '../study/planTable.js';
import { planInProcess, secondsOf } from '../study/parallel/planInProcess.js';
import { onlySlot, sharedMachine, shareOut } from '../study/parallel/slots.js';
import { plainScreen, tableScreen } from '../study/parallel/studyTable.js';
import { runStudy, type CellEnd, type StudyWork } from '../study/runStudy.js';
import { scoredWhileTrained, studyCells, type StudyCell } from '../study/studyCells.js';

interface StudyArguments {
  study: string;
  'dry-run': boolean;
  set: string[];
  parallel: string | undefined;
  ranks: number | undefined;
  json: boolean;
}

const studyCommand: Command<StudyArguments> = {
  name: '$0 <study>',
  describe:
    'Compare several bases in one go: train, score and compare every cell of a study, going on where it stopped',
  options: (cli) =>
    cli
      .positional('study', {
        type: 'string',
        demandOption: true,
        describe: 'a name in configs/studies/, or a YAML file',
      })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'print the cells with the memory and time that they take; nothing is written or downloaded',
      })
      .option('set', {
        type: 'string',
        array: true,
        default: [],
        describe: 'override a setting of every training, as path=value',
      })
      .option('parallel', {
        type: 'string',
        describe:
          'work on several cells at a time: as many as there are cards, as memory and cores allow, or this number',
      })
      .option('ranks', {
        type: 'number',
        describe: 'processes that train and encode one cell together, one card each where there are cards',
      })
      .option('json', { type: 'boolean', default: false, describe: 'print the results as one JSON object last' }),
  valueless: ['parallel'],
  examples: [
    ['npm run study -- demo', 'three small bases, before and after training, on three domains'],
    ['npm run study -- eight-bases --parallel', 'a cell on each card at a time'],
    ['npm run study -- eight-bases --ranks 8', 'one cell after the other, each on eight cards'],
    ['npm run study -- eight-bases --dry-run', 'what the whole study takes on this machine'],
  ],
  async handler(args) {
    const parallel = numberAsked(args.parallel);
    if (parallel !== undefined && args['dry-run'])
      throw new UserError('--parallel has no effect with --dry-run, which works on no cell; leave it out');
    if (args.ranks !== undefined) requireRanks(args.ranks, visibleCards(process.env));
    if (args.ranks !== undefined && args.parallel !== undefined)
      throw new UserError(
        '--parallel gives each cell a card, --ranks gives one cell all of them; leave one of them out',
      );
    if (args.ranks !== undefined && args['dry-run'])
      throw new UserError('--ranks has no effect with --dry-run, which works on no cell; leave it out');
    const study = loadStudy(args.study);
    if (args.set.length > 0 && !study.settings.some(({ trained }) => trained))
      throw new UserError(`--set has no effect on ${study.name}, where nothing is trained; leave it out`);
    const tasks = tasksOf(study);
    const journal = await readJournal(study.name);
    const cells = await withContent(studyCells(study, args.set), journal);
    requireUnchanged(study.name, journal, cells);
    for (const { kind, config } of cells)
      if (kind === 'trained') requireQueries(args.ranks ?? 1, config!.training.queriesPerPool);
    // The evaluation of a cell would refuse it, after hours of training.
    if ((args.ranks ?? 1) > 1 && cells.some(({ config }) => config?.evaluation.cacheGigabytes === 0))
      throw new UserError(
        '--ranks shares embeddings by keeping them, and evaluation.cacheGigabytes=0 keeps none; leave one of them out',
      );
    if (args['dry-run']) return dryRun(study, cells, tasks, args.json);
    const data = await inputs(study, [...tasks, ...cells.flatMap(scoredWhileTrained)]);
    const folder = studyFolder(study.name);
    await makeFolder(folder);
    const lock = lockRun(folder, { kind: 'study', another: 'give this one another name' });
    try {
      return await work(study, cells, tasks, data, args);
    } finally {
      lock.release();
    }
  },
};

async function dryRun(study: Study, cells: StudyCell[], tasks: Task[], json: boolean): Promise<void> {
  const plan = await planStudy(study, cells, tasks, typeof study.data === 'string' ? [] : (study.data ?? []));
  console.log(planTable(plan));
  if (json) console.log(JSON.stringify({ study: study.name, ...planJson(plan) }));
}

async function work(
  study: Study,
  cells: StudyCell[],
  tasks: Task[],
  data: string[],
  args: StudyArguments,
): Promise<number> {
  const signal = watchSignals();
  const { set, ranks } = args;
  const asked = { study, cells, tasks, set, data, ranks, runCommand: spawnCommand, signal };
  const ends = args.parallel === undefined ? await oneByOne(asked) : await sideBySide(asked, args);
  if (signal.isAsked()) {
    const done = ends.filter(({ outcome }) => outcome === 'done' || outcome === 'was done').length;
    console.error(`interrupted: ${done} of ${cells.length} cells are done; the same command goes on from there`);
    return 130;
  }
  const finished = ends.filter(({ outcome }) => outcome !== 'failed').map(({ cell }) => cell);
  const comparisons = await withBar('testing', (onTest) => compareStudy(study, finished, tasks, onTest));
  for (const each of comparisons) print(each, finished);
  const failed = ends.filter(({ outcome }) => outcome === 'failed');
  for (const line of summary(ends)) console.error(line);
  if (args.json) await printJson(study, ends, comparisons);
  return failed.length > 0 ? 1 : 0;
}

type Asked = Omit<StudyWork, 'screen' | 'slots'>;

const say = (line: string) => console.error(line);
const namesOf = (cells: readonly StudyCell[]) => cells.map(({ name }) => name);

const oneByOne = (asked: Asked): Promise<CellEnd[]> =>
  runStudy({ ...asked, slots: [onlySlot], screen: plainScreen(namesOf(asked.cells), say) });

/** As many cells at a time as fit, under one table. */
async function sideBySide(asked: Asked, { study, set, parallel }: StudyArguments): Promise<CellEnd[]> {
  const plan = await planInProcess([study, ...set.flatMap((setting) => ['--set', setting])], asked.signal);
  const open = plan.filter(({ state }) => state.kind !== 'done');
  const needs = open.map(({ base, memoryBytes }) => (base === null ? 0 : (memoryBytes ?? undefined)));
  const slots = shareOut(numberAsked(parallel) || undefined, needs, sharedMachine(process.env), process.env);
  say(`cells   ${slots.length} at a time${slots[0]!.env['CUDA_VISIBLE_DEVICES'] === undefined ? '' : ', a card each'}`);
  const seconds = new Map(plan.map((cell) => [cell.name, secondsOf(cell)]));
  const live = process.stderr.isTTY ? liveLines() : undefined;
  const screen = tableScreen(namesOf(asked.cells), seconds, slots.length, live, say);
  const timer = setInterval(() => screen.draw(), 1000);
  try {
    return await runStudy({ ...asked, slots, screen });
  } finally {
    clearInterval(timer);
    live?.stop();
  }
}

/** @returns 0 where the number is left open, undefined where cells are to be worked on one by one */
function numberAsked(parallel: string | undefined): number | undefined {
  if (parallel === undefined || parallel === '') return parallel === undefined ? undefined : 0;
  requireWhole('parallel', /^\d+$/.test(parallel) ? Number(parallel) : parallel, 1);
  return Number(parallel);
}

/** The tasks of the study, each once. */
function tasksOf({ tasks, tasksDir }: Study): Task[] {
  return loadTaskList(tasks, tasksDir).tasks;
}

/** Require all that the cells read, before the first begins. @returns the training files */
async function inputs({ data, name }: Study, tasks: readonly Task[]): Promise<string[]> {
  const say = (what: string) => console.error(what);
  for (const made of madeForTasks(tasks.map((task) => task.name))) await prepareMade(made, say);
  const files = typeof data === 'string' ? await prepareMade(data, say) : (data ?? []);
  for (const task of tasks) requireTaskData(task);
  requireWholeSets(files);
  for (const path of files)
    await openExamples(path).then(
      (file) => file.close(),
      (error: Error) => {
        throw new UserError(`the training data of study ${name}: ${error.message}; npm run data -- import makes it`);
      },
    );
  return files;
}

function print({ folder, comparison }: StudyComparison, cells: readonly StudyCell[]): void {
  console.log(`\n${comparison.title}\n`);
  for (const objection of comparison.objections) console.log(`differs: ${objection}`);
  console.log(comparisonTable(comparison));
  for (const line of bestLines(comparison, cells)) console.log(line);
  for (const note of comparison.notes) console.log(`note: ${note}`);
  console.log(`\nreport ${join(folder, 'report.html')}`);
}

function summary(ends: readonly CellEnd[]): string[] {
  const count = (outcome: CellEnd['outcome']) => ends.filter((end) => end.outcome === outcome).length;
  const seconds = ends.reduce((sum, end) => sum + end.seconds, 0);
  const failed = ends.filter(({ outcome }) => outcome === 'failed');
  return [
    `cells  ${count('done')} done in ${duration(seconds)}, ${count('was done')} were done before, ${failed.length} failed`,
    ...failed.map(({ cell, reason }) => `failed ${cell.name}: ${reason}`),
    ...(failed.length > 0 ? ['the same command tries these again'] : []),
  ];
}

async function printJson(study: Study, ends: readonly CellEnd[], comparisons: StudyComparison[]): Promise<void> {
  const { comparisonJson } = await import('../../eval/report/output/comparisonFiles.js');
  console.log(
    JSON.stringify({
      study: study.name,
      cells: ends.map(({ cell, outcome, reason, seconds }) => ({
        ...{ name: cell.name, base: cell.base?.named.name ?? null, setting: cell.setting?.name ?? null },
        ...{ seed: cell.seed ?? null, outcome, reason, seconds },
        results: cell.results,
      })),
      comparisons: comparisons.map(({ folder, comparison }) => ({ folder, ...comparisonJson(comparison) })),
    }),
  );
}

await runCommand('npm run study --', studyCommand);
