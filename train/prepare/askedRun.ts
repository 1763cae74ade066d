import { listDatasets, resolveDatasets } from '../../configs/load/datasetFile.js';
import type { Contract } from '../../configs/contract.js';
import type { LoadedConfig } from '../../configs/load/loadConfig.js';
import type { NamedBase } from '../../configs/load/resolveBase.js';
import { UserError } from '../../configs/userError.js';
import { parseDataSpec, type DataSpec } from '../../data/stream/dataSpec.js';
import { importedFile, type TrainingDataset } from '../../data/import/importDataset.js';
import { isMadeName, madeNames, type MadeName } from '../../configs/load/madeNames.js';
import { madeFiles, madeForTasks } from '../../eval/demonstration/madeData.js';
import type { Task } from '../../eval/tasks/task.js';

/** All that a run is asked to use, none of which need be here. */
export interface AskedRun {
  base: NamedBase;
  /** As the user wrote it. */
  baseText: string;
  recipe: string;
  loaded: LoadedConfig;
  adapter: string | undefined;
  /** Fields of the contract in which that adapter may differ. */
  allowContract: (keyof Contract)[];
  /** Scored after training. */
  tasks: Task[];
  /** Scored while training. */
  during: Task[];
  data: AskedData;
}

/** All tasks of a run, each once. */
export const allTasks = ({ tasks, during }: Pick<AskedRun, 'tasks' | 'during'>): Task[] => [
  ...new Map([...tasks, ...during].map((task) => [`${task.name} ${task.folder}`, task])).values(),
];

/** Training files that a user names, or the data sets that the recipe names. */
export interface AskedData {
  /** In the order in which they are trained on. */
  files: DataSpec[];
  sets: TrainingDataset[];
  /** Data sets that are made here, for the training or for tasks. */
  made: MadeName[];
}

/**
 * Tell what a run trains on: the files of --data, or else the data sets of its recipe. Settings then say which it was.
 * @param given  what --data names
 * @param root   holds the data sets
 * @throws UserError when neither is named, both are, or a set is not for training
 */
export function askedData(
  given: DataSpec[] | undefined,
  { config, overridden }: LoadedConfig,
  { recipe, tasks, root }: { recipe: string; tasks: readonly Task[]; root: string },
): AskedData {
  const forTasks = madeForTasks(tasks.map(({ name }) => name));
  if (given) {
    if (overridden.includes('training.datasets'))
      throw new UserError('training.datasets has no effect with --data, which names the files; leave one of them out');
    config.training.datasets = [];
    return { files: given, sets: [], made: forTasks };
  }
  const { datasets } = config.training;
  if (datasets.length === 0)
    throw new UserError(
      `--data is missing: recipe ${recipe} names no data sets; name Arrow files, or --set training.datasets=[NAME]`,
    );
  const named = datasets.map(parseDataSpec).map(({ path: name, weight }) => {
    const sets = isMadeName(name) ? [] : trainingDatasets(name);
    const paths = isMadeName(name) ? madeFiles(name) : sets.map((set) => importedFile(set, root));
    return { name, sets, files: paths.map((path) => ({ path, weight })) };
  });
  return {
    files: named.flatMap(({ files }) => files),
    sets: named.flatMap(({ sets }) => sets),
    made: madeNames.filter((made) => forTasks.includes(made) || named.some(({ name }) => name === made)),
  };
}

function trainingDatasets(name: string): TrainingDataset[] {
  return resolveDatasets([name]).map((dataset) => {
    const { import: training } = dataset;
    if (training) return { ...dataset, import: training };
    const others = listDatasets().datasets.flatMap((each) => (each.import ? [each.name] : []));
    throw new UserError(
      `training.datasets: ${dataset.name} is no training data; name one of ${[...others, ...madeNames].join(', ')}`,
    );
  });
}
