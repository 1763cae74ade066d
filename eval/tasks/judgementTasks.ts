import { existsSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { judgementFiles, missingParts, splitsOf } from '../../data/task/taskFiles.js';
import { taskIdentity } from './identity.js';
import { defaultMetrics, dropsOwnDocument, type Task } from './taskFile.js';

/**
 * Tasks of which judgements alone are there, enough to score a run file: the path of a file of judgements, or of a folder that
 * has them without corpus and queries, with or without a split.
 * @returns undefined where the name is of something else
 */
export function judgementTasks(name: string): Task[] | undefined {
  if (isFile(name) && !/\.ya?ml$/.test(name)) {
    const called = basename(name).replace(/\.[^.]+$/, '');
    return [judgedAlone(called, called, dirname(name), 'test', [name])];
  }
  const ofFolder = (folder: string, split?: string): Task[] | undefined => {
    if (!existsSync(folder) || missingParts(folder).filter((part) => !part.startsWith('qrels')).length < 2)
      return undefined;
    const splits = splitsOf(folder);
    const set = basename(resolve(folder));
    const task = (as: string, chosen: string) => judgedAlone(as, set, folder, chosen, judgementFiles(folder, chosen));
    if (split !== undefined) return splits.includes(split) ? [task(`${set}/${split}`, split)] : undefined;
    if (splits.includes('test')) return [task(set, 'test')];
    return splits.length === 0 ? undefined : splits.map((each) => task(`${set}/${each}`, each));
  };
  return ofFolder(name) ?? (name.includes('/') ? ofFolder(dirname(name), basename(name)) : undefined);
}

function judgedAlone(name: string, set: string, folder: string, split: string, judgements: string[]): Task {
  const identity = taskIdentity({ set, part: null, split, titles: 'use' });
  return {
    name,
    identity,
    folder,
    split,
    metrics: defaultMetrics,
    ignoreIdenticalIds: dropsOwnDocument(identity.set),
    titles: 'use',
    isFolder: true,
    judgements,
  };
}

const isFile = (path: string) => existsSync(path) && statSync(path).isFile();
