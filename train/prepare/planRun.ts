import { existsSync } from 'node:fs';
import { hubSettings } from '../../checkpoints/hub/hubSettings.js';
import { listHubDataset } from '../../checkpoints/hub/listHubDataset.js';
import { readHubFile } from '../../checkpoints/hub/listSnapshot.js';
import { runsRoot } from '../../checkpoints/run/folder.js';
import type { BaseShape } from '../../configs/load/baseFile.js';
import type { RunConfig } from '../../configs/schema.js';
import { UserError } from '../../configs/userError.js';
import { openExamples } from '../../data/arrow/openExamples.js';
import { planDataset, type PlannedDataset } from '../../data/download/planDataset.js';
import { importBytes, importedFile, isImported } from '../../data/import/importDataset.js';
import { madeNames } from '../../configs/load/madeNames.js';
import { isMadeHere, madeFiles, madeForTasks } from '../../eval/demonstration/madeData.js';
import { describeBase, type BaseDescription } from '../../model/describe/describeBase.js';
import { expectedPlan } from '../../model/describe/expectedPlan.js';
import { requireFastEngine } from '../../model/describe/requireFastEngine.js';
import type { Engine } from '../../model/engine/startEngine.js';
import { memoryBudget, memoryName } from '../../model/memory/memoryBudget.js';
import { peakBytes } from '../../model/memory/memoryPlan.js';
import { trainedParameters } from '../../model/memory/trainedParameters.js';
import { measuredSpeed } from '../study/cellSpeed.js';
import { operationsOf } from '../study/operations.js';
import { planEmbeddings, type PlannedEmbeddings } from '../study/planEmbeddings.js';
import { allTasks, type AskedRun } from './askedRun.js';
import { describeSpeed, phaseTimes, type PhaseTimes } from './phaseTimes.js';
import { planDisks, type DiskNeed, type PlannedDisk } from './planDisks.js';
import { lackOf, neededSets } from './neededSets.js';
import type { Places } from './prepareRun.js';

/** What a run takes, before any of it is begun. Sizes in bytes; undefined where it is not known. */
export interface RunPlan {
  base: { name: string; licence?: string; isHere: boolean; bytes: number; present: number };
  /** `archiveBytes`: of its files, here or not. */
  sets: (PlannedDataset & { toImport: boolean; archiveBytes: number })[];
  /** Tasks of which data is missing, and all. */
  missingTasks: string[];
  tasks: string[];
  /** Scored while training. */
  during: string[];
  /** Data sets that are made here, of those that are not here yet. */
  toMake: string[];
  disks: PlannedDisk[];
  embeddings: PlannedEmbeddings | undefined;
  memoryBytes: number | undefined;
  seconds: PhaseTimes;
  /** Where the times come from. */
  speed: string;
  /** What cannot be had, each with its remedy. */
  problems: string[];
  /** Why the memory does not do, for texts of the usual lengths; where all is here, opening the run knows them. */
  tooLarge?: string;
}

/** All that stands in a run's way. @param isOpened  whether the run is opened next, which looks at the memory itself */
export const problemsOf = (plan: RunPlan, isOpened: boolean): string[] =>
  plan.tooLarge === undefined || (isOpened && isAllHere(plan)) ? plan.problems : [...plan.problems, plan.tooLarge];

/** Whether all that the run uses is on this machine. */
export const isAllHere = ({ base, sets, toMake }: RunPlan) =>
  base.isHere && toMake.length === 0 && sets.every(({ isHere, toImport }) => isHere && !toImport);

/** Tell what a run takes. Servers are asked what they have; nothing is downloaded or written. */
export async function planRun(asked: AskedRun, { root, mirror }: Places, engine: Engine): Promise<RunPlan> {
  const { config } = asked.loaded;
  const problems: string[] = [];
  const base = await orProblem(problems, () => planBase(asked));
  if (base?.problem !== undefined) problems.push(base.problem);
  const sets: RunPlan['sets'] = [];
  for (const dataset of neededSets({ data: asked.data, tasks: allTasks(asked) })) {
    const planned = await planDataset(dataset, root, listHubDataset, mirror);
    if (planned.problem !== undefined) problems.push(planned.problem);
    const training = asked.data.sets.find(({ name }) => name === dataset.name);
    const toImport = training !== undefined && !(planned.isHere && (await isImported(training, root)));
    sets.push({ ...planned, toImport, archiveBytes: toImport ? await importBytes(training, root) : 0 });
  }
  const missing = allTasks(asked)
    .filter(({ name }) => madeForTasks([name]).length === 0)
    .filter((task) => lackOf(task) !== undefined);
  for (const task of missing)
    if (task.download === undefined || sets.find(({ name }) => name === task.download)?.isHere)
      problems.push(lackOf(task)!);
  const rows = await orProblem(problems, () => rowsOf(asked, root));
  const shape = base?.shape;
  await orProblem(problems, () => requireFastEngine(`training ${asked.base.name}`, shape, engine));
  const operations = shape && (await operationsOf(shape, config, rows, asked));
  const speed = await measuredSpeed(config.contract.precision);
  const memory = shape && expectedPlan(shape, config);
  const isHere = base?.isHere ?? false;
  const disks = planDisks(needsOf(base, sets, shape, asked, root));
  problems.push(...disks.flatMap(({ problem }) => problem ?? []));
  const seconds = phaseTimes({
    downloadBytes: [...(base ? [base] : []), ...sets].reduce((sum, { bytes, present }) => sum + bytes - present, 0),
    importBytes: sets.reduce(
      (sum, { toImport, bytes, archiveBytes }) => sum + (toImport ? bytes || archiveBytes : 0),
      0,
    ),
    operations,
    speed: speed.operations,
  });
  return {
    base: {
      ...{ name: asked.base.name, isHere, bytes: base?.bytes ?? 0, present: base?.present ?? 0 },
      ...(base?.licence !== undefined && { licence: base.licence }),
    },
    sets,
    missingTasks: missing.map(({ name }) => name),
    tasks: asked.tasks.map(({ name }) => name),
    during: asked.during.map(({ name }) => name),
    toMake: asked.data.made.filter((name) => !isMadeHere(name)),
    disks,
    embeddings:
      shape &&
      (await planEmbeddings(
        [
          { shape, config },
          { shape, config },
        ],
        asked.tasks,
      )),
    memoryBytes: memory && ('needs' in memory ? memory.needs : peakBytes(memory.bytes)),
    seconds,
    speed: describeSpeed(seconds, speed.from),
    problems,
    ...(memory && 'needs' in memory && { tooLarge: tooLarge(asked.base.name, memory.needs, config) }),
  };
}

interface PlannedBase {
  isHere: boolean;
  bytes: number;
  present: number;
  folder: string;
  shape: BaseShape | undefined;
  licence: string | undefined;
  problem?: string;
}

async function planBase({ base, baseText }: AskedRun): Promise<PlannedBase> {
  const described = await describeBase(baseText);
  const { files, folder, shape, licence } = described;
  const { bytes, present, refused, estimated } = files;
  const why = refused ?? estimated;
  const isHere = why === undefined && present >= bytes;
  const planned = { ...{ isHere, bytes, present, folder }, shape: shape ?? base.file?.shape, licence };
  if (isHere) return planned;
  const problem = why === undefined ? await closedTo(described) : remedied(why);
  return { ...planned, ...(problem !== undefined && { problem: `base ${base.name}: ${problem}` }) };
}

const remedied = (why: string) =>
  why.includes('HF_HUB_OFFLINE') ? `it is not on this machine, and ${why}; unset that, or set HF_HOME` : why;

/** The hub lists the files of a gated model to everybody, and gives them to some. */
async function closedTo({ hub }: BaseDescription): Promise<string | undefined> {
  if (hub?.commit === undefined) return undefined;
  const problems: string[] = [];
  await orProblem(problems, () => readHubFile(hub.id, hub.commit!, 'config.json', hubSettings()));
  return problems[0];
}

/** Rows an epoch: of files that are here, else as the data sets say. */
async function rowsOf({ data: { files, sets } }: AskedRun, root: string): Promise<number | undefined> {
  let rows = 0;
  for (const { path, weight } of files) {
    const set = sets.find((each) => importedFile(each, root) === path);
    const isMade = set !== undefined || madeNames.flatMap(madeFiles).includes(path);
    if (isMade && !existsSync(path)) {
      if (set?.import.rows === undefined) return undefined;
      rows += set.import.rows * weight;
      continue;
    }
    const file = await openExamples(path);
    rows += file.rows * weight;
    await file.close();
  }
  return Math.round(rows);
}

function tooLarge(base: string, needs: number, { training }: RunConfig): string {
  const allowed = training.memoryMegabytes === 'auto' ? memoryBudget() : training.memoryMegabytes * 1e6;
  return (
    `training ${base} needs at least ${Math.ceil(needs / 1e6)} MB of ${memoryName()} and ${Math.ceil(allowed / 1e6)} MB can be used; ` +
    'free some, or take a smaller base'
  );
}

/**
 * An Arrow file beside the gzip files that it is imported from: 1.07 measured on 3,000 rows of Tevatron's form, a query with 31
 * passages of 367 letters.
 */
const arrowShare = 1.1;

function needsOf(
  base: PlannedBase | undefined,
  sets: RunPlan['sets'],
  shape: BaseShape | undefined,
  { loaded: { config } }: AskedRun,
  root: string,
): DiskNeed[] {
  const { lora, training } = config;
  // A state holds the adapter and two averages of its gradient, in four bytes a number.
  const state = shape ? 12 * trainedParameters(shape, lora) : 0;
  const states = training.keepStates * (training.keepBest ? 2 : 1) + 1;
  return [
    ...(base ? [{ what: 'base', place: base.folder, bytes: base.bytes - base.present, remedy: 'set HF_HOME' }] : []),
    ...sets.flatMap(({ name, bytes, present, unpackedBytes, toImport, archiveBytes }) => [
      { what: name, place: root, bytes: bytes - present + unpackedBytes, remedy: `link ${root} to a larger disk` },
      ...(toImport
        ? [
            {
              what: `${name} as Arrow (taken to be ${arrowShare} of its download)`,
              place: root,
              bytes: arrowShare * (bytes || archiveBytes),
              remedy: `link ${root} to a larger disk`,
            },
          ]
        : []),
    ]),
    { what: 'saved states', place: runsRoot, bytes: state * states, remedy: `link ${runsRoot}` },
  ].filter(({ bytes }) => bytes > 0);
}

async function orProblem<T>(problems: string[], work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}
