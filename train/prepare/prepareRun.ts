import type { DownloadScreen } from '../../configs/cli/download.js';
import type { Dataset } from '../../configs/load/datasetFile.js';
import { progressBar, type ProgressBar } from '../../configs/cli/progress.js';
import { stopSignals } from '../../configs/stopSignals.js';
import { fetchBase } from '../../checkpoints/hub/fetchBase.js';
import { listHubDataset } from '../../checkpoints/hub/listHubDataset.js';
import { downloadDatasets } from '../../data/download/downloadDatasets.js';
import { formatSources } from '../../data/import/formatSummary.js';
import { importDataset, isImported, type TrainingDataset } from '../../data/import/importDataset.js';
import { madeForTasks, prepareMade } from '../../eval/demonstration/madeData.js';
import { requireTaskData, type Task } from '../../eval/tasks/task.js';
import { allTasks, type AskedRun } from './askedRun.js';
import { neededSets } from './neededSets.js';

export interface Places {
  /** Holds the data sets. */
  root: string;
  mirror: string | undefined;
}

/**
 * Bring all that a run uses to this machine: the base, the data sets, the training files imported from them, the data
 * of the tasks. What is here is left alone, what was interrupted goes on where it stopped.
 * @returns false when it was interrupted
 * @throws UserError when something cannot be had
 */
export async function prepareRun(asked: AskedRun, { root, mirror }: Places, screen: DownloadScreen): Promise<boolean> {
  await fetchBase(asked.base, { screen });
  await download(neededSets({ data: asked.data, tasks: allTasks(asked) }), { root, mirror }, screen);
  for (const set of asked.data.sets)
    if (!(await isImported(set, root)) && !(await importUnderBar(set, root, screen.say))) return false;
  for (const made of asked.data.made) await prepareMade(made, screen.say);
  for (const task of allTasks(asked)) requireTaskData(task);
  return true;
}

/** Bring the data of the tasks that a run is scored on. @throws UserError when it cannot be had */
export async function prepareTasks(tasks: readonly Task[], places: Places, screen: DownloadScreen): Promise<void> {
  await download(neededSets({ data: { sets: [] }, tasks }), places, screen);
  for (const made of madeForTasks(tasks.map(({ name }) => name))) await prepareMade(made, screen.say);
  for (const task of tasks) requireTaskData(task);
}

const download = (sets: Dataset[], { root, mirror }: Places, screen: DownloadScreen) =>
  downloadDatasets(sets, { root, screen, mirror, listHub: listHubDataset });

async function importUnderBar(set: TrainingDataset, root: string, say: (line: string) => void): Promise<boolean> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of stopSignals) process.once(signal, onSignal);
  let bar: ProgressBar | undefined;
  say(`import  ${set.name}`);
  try {
    return await importDataset(set, root, {
      say,
      signal: stop.signal,
      onSources: (sources, from) => say(formatSources(sources, from)),
      onBytes(done, all) {
        bar ??= progressBar('importing, MB', Math.ceil(all / 1e6));
        bar.update(Math.floor(done / 1e6));
      },
    });
  } finally {
    for (const signal of stopSignals) process.off(signal, onSignal);
    bar?.stop();
  }
}
