import { existsSync } from 'node:fs';
import { findCached } from '../../checkpoints/hub/hubCache.js';
import { hubSettings } from '../../checkpoints/hub/hubSettings.js';
import type { BaseShape } from '../../configs/load/baseFile.js';
import type { Study } from '../../configs/load/loadStudy.js';
import { resolveBase, type NamedBase } from '../../configs/load/resolveBase.js';
import { UserError } from '../../configs/userError.js';
import { openExamples } from '../../data/arrow/openExamples.js';
import { requireTaskData, type Task } from '../../eval/tasks/task.js';
import { checkpointBytes, shapeIn } from '../../model/describe/describeBase.js';
import { startEngine, type Engine } from '../../model/engine/startEngine.js';
import { expectedPlan } from '../../model/describe/expectedPlan.js';
import { requireFastEngine } from '../../model/describe/requireFastEngine.js';
import { expectedTableBytes } from '../../model/memory/engineFacts.js';
import { memoryBudget, processBytes } from '../../model/memory/memoryBudget.js';
import { peakBytes } from '../../model/memory/memoryPlan.js';
import { configOf, matrixParameters } from '../../model/memory/shapeArithmetic.js';
import { weightForm } from '../../model/memory/weightForm.js';
import { cellSpeed } from './cellSpeed.js';
import { cellState, type CellState } from './cellState.js';
import { isMade } from './madeBase.js';
import { madeForTasks } from '../../eval/demonstration/madeData.js';
import { demoSettings } from '../pretrain/demoSettings.js';
import { scoredWhileTrained, type StudyCell } from './studyCells.js';
import { operationsOf, type Operations } from './operations.js';
import { planEmbeddings, type PlannedEmbeddings } from './planEmbeddings.js';

/** What a cell will take; undefined where it is not known. */
export interface PlannedCell {
  cell: StudyCell;
  state: CellState;
  memoryBytes: number | undefined;
  /** Whether the memory is the least that it needs, which is more than this machine has free. */
  isTooLarge: boolean;
  /** Of what is left to do; that of training with the scoring between its updates. */
  trainingSeconds: number | undefined;
  scoringSeconds: number | undefined;
}

export interface StudyPlan {
  cells: PlannedCell[];
  /** Bases that are made first, and seconds for all of them. */
  toMake: string[];
  makingSeconds: number;
  /** What is not on this machine yet. */
  downloads: { name: string; bytes: number }[];
  missingTasks: string[];
  missingData: string[];
  /** Of what is left to do; undefined where it is not known. */
  embeddings: PlannedEmbeddings | undefined;
  /** Where the times come from. */
  speed: string;
  /** What cells will be refused for, each with its remedy. */
  problems: string[];
}

/** A command starts Node.js, TensorFlow and the tokenizer. */
const startSeconds = 4;

/** Tell what a study will take. Nothing is written, downloaded or asked of the hub. */
export async function planStudy(
  study: Study,
  cells: readonly StudyCell[],
  tasks: readonly Task[],
  data: readonly string[],
): Promise<StudyPlan> {
  const engine = await startEngine();
  const bases = await basesOf(cells);
  const shapeFor = (cell: StudyCell) => (cell.base ? bases.get(cell.base.text)?.shape : undefined);
  const rows = await rowsOf(study, data);
  const described: { cell: StudyCell; state: CellState; operations: Operations | undefined }[] = [];
  for (const cell of cells) {
    const shape = shapeFor(cell);
    const operations =
      shape && cell.config
        ? await operationsOf(shape, cell.config, rows, { tasks, during: scoredWhileTrained(cell) })
        : undefined;
    const isTrained = cell.kind === 'trained';
    const [training, during] = isTrained ? [operations?.training, operations?.during] : [0, 0];
    described.push({
      ...{ cell, state: await cellState(cell, tasks) },
      operations: operations && { ...operations, training, during },
    });
  }
  const done = described.flatMap(({ cell, state, operations }) =>
    state.kind === 'done' && operations
      ? [{ cell, trainingOperations: operations.trainingToken, encodingOperations: operations.encoding ?? 0 }]
      : [],
  );
  const speed = await cellSpeed(done, cells, tasks);
  const toMake = new Map(
    cells.flatMap(({ base }) => (base?.made && !isMade(base.named) ? [[base.text, base.made.updates] as const] : [])),
  );
  return {
    cells: described.map(({ cell, state, operations }) => ({
      ...{ cell, state },
      ...memoryOf(cell, shapeFor(cell)),
      ...secondsOf(cell, state, operations, speed),
    })),
    toMake: [...toMake.keys()],
    makingSeconds: [...toMake].reduce(
      (sum, [name, updates]) => sum + makingOperations(bases.get(name)?.shape, updates) / speed.training,
      0,
    ),
    downloads: [...bases.values()].flatMap(({ name, downloadBytes }) =>
      downloadBytes === undefined ? [] : [{ name, bytes: downloadBytes }],
    ),
    missingTasks: tasks
      .filter((task) => madeForTasks([task.name]).length === 0 && !isHere(task))
      .map(({ name }) => name),
    missingData: typeof study.data === 'string' ? [] : data.filter((file) => !existsSync(file)),
    embeddings: await planEmbeddings(
      described.flatMap(({ cell: { base, config }, state }) => {
        const shape = base && bases.get(base.text)?.shape;
        return shape && config && state.kind !== 'done' ? [{ shape, config }] : [];
      }),
      tasks,
    ),
    speed: speed.from,
    problems: [...bases.values()].flatMap(({ name, shape }) => tooSlow(name, shape, engine)),
  };
}

function tooSlow(base: string, shape: BaseShape | undefined, engine: Engine): string[] {
  try {
    requireFastEngine(base, shape, engine);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [error.message];
  }
}

interface PlannedBase {
  name: string;
  shape: BaseShape | undefined;
  downloadBytes?: number;
}

async function basesOf(cells: readonly StudyCell[]): Promise<Map<string, PlannedBase>> {
  const found = new Map<string, PlannedBase>();
  for (const { base } of cells) {
    if (!base || found.has(base.text)) continue;
    // What is made from a base has its shape.
    found.set(base.text, {
      ...(await planBase(base.made ? resolveBase(base.made.from) : base.named)),
      name: base.text,
    });
  }
  return found;
}

async function planBase({ name, source, file }: NamedBase): Promise<PlannedBase> {
  if ('folder' in source) return { name, shape: await shapeIn(source.folder) };
  const cached = findCached(hubSettings().cache, source, 'model');
  if (cached) return { name, shape: (await shapeIn(cached.folder)) ?? file?.shape };
  return { name, shape: file?.shape, downloadBytes: file?.shape ? checkpointBytes(file.shape) : NaN };
}

/** Rows of the training data; undefined where neither the files nor the study tell. */
async function rowsOf(study: Study, data: readonly string[]): Promise<number | undefined> {
  if (data.length === 0 || !data.every((file) => existsSync(file))) return study.rows;
  let rows = 0;
  for (const path of data) {
    const file = await openExamples(path);
    rows += file.rows;
    await file.close();
  }
  return rows;
}

function memoryOf(cell: StudyCell, shape: BaseShape | undefined): Pick<PlannedCell, 'memoryBytes' | 'isTooLarge'> {
  if (!shape || !cell.config) return { memoryBytes: undefined, isTooLarge: false };
  if (cell.kind === 'zero-shot') {
    const { weightBytes } = weightForm(cell.config.contract);
    const held = matrixParameters(shape) * weightBytes + expectedTableBytes(configOf(shape), weightBytes);
    const memoryBytes = processBytes() + held;
    return { memoryBytes, isTooLarge: memoryBytes > memoryBudget() };
  }
  const plan = expectedPlan(shape, cell.config);
  return 'needs' in plan
    ? { memoryBytes: plan.needs, isTooLarge: true }
    : { memoryBytes: peakBytes(plan.bytes), isTooLarge: false };
}

function secondsOf(
  { kind }: StudyCell,
  state: CellState,
  operations: Operations | undefined,
  speed: { training: number; encoding: number },
): Pick<PlannedCell, 'trainingSeconds' | 'scoringSeconds'> {
  const isTrained = state.kind === 'done' || state.kind === 'unscored' || kind !== 'trained';
  const left = state.kind === 'unfinished' ? 1 - state.update / state.updates : 1;
  const timeOf = (count: number | undefined, speed: number) =>
    count === undefined ? undefined : count / speed + startSeconds;
  const between = operations?.during === undefined ? undefined : (left * operations.during) / speed.encoding;
  const training = timeOf(operations?.training && left * operations.training, speed.training);
  return {
    trainingSeconds: isTrained ? 0 : training === undefined || between === undefined ? undefined : training + between,
    scoringSeconds: state.kind === 'done' ? 0 : timeOf(operations?.encoding, speed.encoding),
  };
}

/** Every weight learns, and the language head multiplies too. */
function makingOperations(shape: BaseShape | undefined, updates: number): number {
  if (!shape) return 0;
  const numbers = matrixParameters(shape) + shape.vocabularyRows * shape.hidden;
  return 6 * numbers * updates * demoSettings.batch * demoSettings.time;
}

function isHere(task: Task): boolean {
  try {
    requireTaskData(task);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}
