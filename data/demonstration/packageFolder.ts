import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * The folder of an installed npm package, wherever the package manager put it.
 * @param through  packages to pass through on the way, for one that only a dependency of ours depends on
 * @throws when the package is not installed
 */
export function packageFolder(name: string, through: string[] = []): string {
  let from = import.meta.url;
  for (const step of [...through, name]) from = join(resolveFolder(step, from), 'package.json');
  return dirname(from);
}

/** A package may keep its package.json from being resolved ("exports"): then its main file lies below the folder. */
function resolveFolder(name: string, from: string): string {
  const { resolve } = createRequire(from);
  try {
    return dirname(resolve(`${name}/package.json`));
  } catch {
    let folder = dirname(resolve(name));
    while (!isFolderOf(name, folder)) {
      if (dirname(folder) === folder) throw new Error(`package ${name} has no package.json above its main file`);
      folder = dirname(folder);
    }
    return folder;
  }
}

function isFolderOf(name: string, folder: string): boolean {
  const file = join(folder, 'package.json');
  return existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name === name;
}
