import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { suggest } from '../../configs/load/suggest.js';
import { makeFolder } from '../../data/files/makeFolder.js';
import { UserError } from '../../configs/userError.js';
import { lockName } from './lock.js';
import { homePath } from '../../configs/cli/homePath.js';

/** Folder of all runs. */
export const runsRoot = homePath('checkpoints/runs');

/** Where a run keeps what. */
export interface RunFolder {
  name: string;
  folder: string;
  /** The resolved configuration, complete. */
  config: string;
  contract: string;
  log: string;
  tensorboard: string;
  state: string;
  adapter: string;
  reportHtml: string;
  reportJson: string;
  /** Folder of one task's results. */
  evaluation: (task: string) => string;
}

/**
 * The places of a run; nothing is read or made.
 * @param root  folder of all runs
 * @throws UserError for a name that could not be a folder
 */
export function runFolder(root: string, run: string): RunFolder {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(run))
    throw new UserError(
      `run name ${JSON.stringify(run)} must be 1 to 100 letters, digits, dots, dashes or underscores, the first a letter or digit`,
    );
  const folder = join(root, run);
  return {
    name: run,
    folder,
    config: join(folder, 'config.yaml'),
    contract: join(folder, 'contract.json'),
    log: join(folder, 'log.jsonl'),
    tensorboard: join(folder, 'tensorboard'),
    state: join(folder, 'state'),
    adapter: join(folder, 'adapter'),
    reportHtml: join(folder, 'report.html'),
    reportJson: join(folder, 'report.json'),
    evaluation: (task) => join(folder, 'eval', task),
  };
}

/** Before any work: whether a new run can take a name. @throws UserError when it is no name, or a run has it */
export async function requireFreeName(root: string, run: string): Promise<RunFolder> {
  const paths = runFolder(root, run);
  const found = existsSync(paths.folder) ? await readdir(paths.folder) : [];
  if (found.some((name) => !name.startsWith(lockName)))
    throw new UserError(`run ${run} exists in ${root}; go on with it by --resume, or name another by --run`);
  return paths;
}

/** Make the folder of a new run. @throws UserError when it cannot be made, or a run of that name left something there */
export async function createRun(root: string, run: string): Promise<RunFolder> {
  await makeFolder(runFolder(root, run).folder);
  return requireFreeName(root, run);
}

/** The folder of a run that exists. @throws UserError when there is none of that name */
export async function openRun(root: string, run: string): Promise<RunFolder> {
  const paths = runFolder(root, run);
  if (existsSync(paths.folder)) return paths;
  const known = existsSync(root) ? await readdir(root) : [];
  throw new UserError(`run ${run} does not exist in ${root}; ${suggest(run, known) || 'no run was made yet'}`);
}

/**
 * The name of a run that was given none, such as `qwen-math-20260131-235901`, in universal time.
 * @param base  a name, a folder or a hub id
 */
export function defaultRunName(base: string, date: Date): string {
  const start =
    basename(base)
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 80) || 'run';
  const [day, time] = date.toISOString().slice(0, 19).replace(/[-:]/g, '').split('T');
  return `${start}-${day}-${time}`;
}
