import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import YAML from 'yaml';
import { z } from 'zod';
import { namesIn } from './names.js';
import { suggest } from './suggest.js';
import { UserError } from './userError.js';

/** A base as the user named it: a short name for run folders and reports, and where its files are. */
export interface Base {
  name: string;
  folder: string;
  /** The recipe that is used where none is named. */
  recipe: string;
}

const defaultRecipe = 'study';

const baseFile = z.strictObject({
  /** Checkpoint folder in Hugging Face layout; relative to the YAML file. */
  folder: z.string(),
  recipe: z.string().default(defaultRecipe),
  about: z.string(),
  licence: z.string(),
});

/**
 * Find the checkpoint folder of a base: a name in configs/bases/ or the path of a folder in Hugging Face layout.
 * @throws UserError when it is neither; a near name is suggested
 */
export function resolveBase(nameOrFolder: string): Base {
  const known = namesIn('bases');
  if (known.includes(nameOrFolder)) {
    const file = new URL(`bases/${nameOrFolder}.yaml`, import.meta.url);
    const { folder, recipe } = baseFile.parse(YAML.parse(readFileSync(file, 'utf8')));
    return { name: nameOrFolder, recipe, folder: fileURLToPath(new URL(`${folder}/`, file)).replace(/\/$/, '') };
  }
  if (existsSync(nameOrFolder) && statSync(nameOrFolder).isDirectory()) {
    const folder = nameOrFolder.replace(/\/+$/, '');
    return { name: folder.split('/').at(-1)!, folder, recipe: defaultRecipe };
  }
  const looksLikePath = /^[./~]|\/.*\//.test(nameOrFolder);
  if (looksLikePath) throw new UserError(`base folder ${nameOrFolder} does not exist`);
  throw new UserError(
    `unknown base ${nameOrFolder}, neither a name nor a folder in Hugging Face layout; ${suggest(nameOrFolder, known)}`,
  );
}
