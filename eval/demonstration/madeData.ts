import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { homePath } from '../../configs/cli/homePath.js';
import { madeNames, type MadeName } from '../../configs/load/madeNames.js';
import { makeFolder } from '../../data/files/makeFolder.js';
import { replaceFolder } from '../../data/files/writeFolder.js';
import { withLock } from '../../setup/lock/lock.mjs';
import { pagesData } from './pages.js';
import { textsData } from './texts.js';

/** How each is made; the tasks in configs/tasks/ point into it. */
const made = { demonstration: textsData, 'demonstration-pages': pagesData } satisfies Record<MadeName, unknown>;

/** What tasks of these names need made. */
export const madeForTasks = (tasks: readonly string[]): MadeName[] =>
  madeNames.filter((name) => tasks.some((task) => made[name].tasks.includes(task)));

/** Where its training files lie. */
export const madeFiles = (name: MadeName): string[] => made[name].files.map((file) => join(home(name), file));

/**
 * Make it unless it is there: training examples, and tasks in BEIR layout. It takes its place whole or not at all.
 * @param onStep  told what is being made
 * @returns the training files
 */
export async function prepareMade(name: MadeName, onStep: (what: string) => void): Promise<string[]> {
  if (isMadeHere(name)) return madeFiles(name);
  const [folder, { ownFiles, write }] = [home(name), made[name]];
  await makeFolder(dirname(folder));
  await withLock(
    `${folder}.lock`,
    (holder) => onStep(`demonstration data: waiting for ${holder}, which makes it too`),
    async () => {
      if (isMadeHere(name)) return;
      await replaceFolder(folder, ownFiles, async (partial) => {
        await write(partial, (what) => onStep(`demonstration data: ${what}`));
        await writeFile(join(partial, 'made-from.json'), madeFrom(name));
      });
    },
  );
  return madeFiles(name);
}

/** Whether it was made, from the packages that are installed. */
export function isMadeHere(name: MadeName): boolean {
  const file = join(home(name), 'made-from.json');
  return existsSync(file) && readFileSync(file, 'utf8') === madeFrom(name);
}

const home = (name: MadeName): string => homePath(join('data/cache', made[name].folder));

/** What the data depends on: other packages, other data. */
function madeFrom(name: MadeName): string {
  const require = createRequire(import.meta.url);
  const lock = readFileSync(require.resolve('../../package-lock.json'));
  const packages = createHash('sha256').update(lock).digest('hex');
  return `${JSON.stringify({ version: made[name].version, packages }, null, 2)}\n`;
}
