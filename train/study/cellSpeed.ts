import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Precision } from '../../configs/contract.js';
import { runFolder, runsRoot } from '../../checkpoints/run/folder.js';
import { readLog } from '../../checkpoints/run/log.js';
import { startEngine } from '../../model/engine/startEngine.js';
import { productSpeed } from '../../model/describe/productSpeed.js';
import { taskFolderName } from '../../eval/tasks/folderName.js';
import { metricsFile } from '../../eval/score/scoreModel.js';
import type { Task } from '../../eval/tasks/task.js';
import type { StudyCell } from './studyCells.js';

/** How fast this machine works: operations on numbers in a second. */
export interface CellSpeed {
  training: number;
  encoding: number;
  /** Where the two were taken from, for people. */
  from: string;
}

/** What a cell took that is done, in operations by count of its texts, and in seconds. */
export interface Done {
  cell: StudyCell;
  /** Operations of a token in training. */
  trainingOperations: number;
  /** Operations of all of its encoding. */
  encodingOperations: number;
}

/** Share of the speed of one large product that training and encoding reach: attention, norms and short texts take the rest. */
const reached = 0.4;

/** The speed of this study's finished cells, or one measured now where none is finished. */
export async function cellSpeed(
  done: readonly Done[],
  cells: readonly StudyCell[],
  tasks: readonly Task[],
): Promise<CellSpeed> {
  const trainings = await Promise.all(done.map(trainingOf));
  const encodings = await Promise.all(done.map((each) => encodingOf(each, tasks)));
  const training = speedOf(trainings);
  const encoding = speedOf(encodings);
  if (training && encoding) return { training, encoding, from: 'finished cells of this study' };
  const wanted = cells.find(({ config }) => config)?.config?.contract.precision ?? 'float32';
  const measured = await measuredSpeed(wanted);
  return {
    training: training ?? encoding ?? measured.operations,
    encoding: encoding ?? training ?? measured.operations,
    from: training || encoding ? 'finished cells of this study' : measured.from,
  };
}

/** What this machine is taken to reach, in operations a second, and where that comes from, for people. */
export async function measuredSpeed(wanted: Precision): Promise<{ operations: number; from: string }> {
  const { precisions, name } = await startEngine();
  const precision = precisions.includes(wanted) ? wanted : 'float32';
  const product = productSpeed(precision);
  const figure = `${(product / 1e9).toFixed(0)} billion operations a second`;
  return {
    operations: product * reached,
    from: `one ${precision} product measured now on ${name}: ${figure}, of which ${100 * reached} % are taken to be reached`,
  };
}

interface Work {
  operations: number;
  seconds: number;
}

async function trainingOf({ cell, trainingOperations }: Done): Promise<Work> {
  if (cell.run === undefined) return nothing;
  const steps = (await readLog(runFolder(runsRoot, cell.run).log)).filter(({ event }) => event === 'step');
  return {
    operations: sum(steps.map(({ tokens }) => Number(tokens))) * trainingOperations,
    seconds: sum(steps.map(({ tokens, tokensPerSecond }) => Number(tokens) / Number(tokensPerSecond))),
  };
}

async function encodingOf({ cell, encodingOperations }: Done, tasks: readonly Task[]): Promise<Work> {
  let seconds = 0;
  for (const task of tasks) {
    const file = join(cell.results, taskFolderName(task), metricsFile);
    if (!existsSync(file)) return nothing;
    const took = secondsIn(await readFile(file, 'utf8'));
    if (took === undefined) return nothing;
    seconds += took;
  }
  return { operations: encodingOperations, seconds };
}

/** @returns undefined where the results were cut short */
function secondsIn(text: string): number | undefined {
  try {
    const { seconds } = JSON.parse(text) as { seconds?: unknown };
    return typeof seconds === 'number' ? seconds : undefined;
  } catch {
    return undefined;
  }
}

const nothing: Work = { operations: 0, seconds: 0 };

function speedOf(works: readonly Work[]): number | undefined {
  const seconds = sum(works.map((work) => work.seconds));
  const operations = sum(works.map((work) => work.operations));
  return seconds > 0 && operations > 0 ? operations / seconds : undefined;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
