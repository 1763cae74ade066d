import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBaseFile, type BaseFile } from './baseFile.js';
import { namesIn } from './names.js';
import { suggest } from './suggest.js';
import { UserError } from '../userError.js';

/** A base as the user named it: a short name for run folders and reports, and where its files are to be found. */
export interface NamedBase {
  name: string;
  /** The recipe that is used where none is named. */
  recipe: string;
  /** A folder in Hugging Face layout, or a place on the hub that `fetchBase` brings here. */
  source: { folder: string } | HubRevision;
  /** What its file in configs/bases/ says; absent where it has none. */
  file?: BaseFile;
}

/** A model on the Hugging Face hub. */
export interface HubRevision {
  /** As `owner/name`. */
  id: string;
  /** A commit, branch or tag. */
  revision: string;
}

/** A base whose files are on this machine. */
export interface Base {
  name: string;
  recipe: string;
  folder: string;
  /** Where the files came from. */
  hub?: HubOrigin;
}

export interface HubOrigin {
  id: string;
  commit: string;
}

const defaultRecipe = 'study';

/**
 * Tell which base a text names: a name in configs/bases/, the path of a folder in Hugging Face layout, or an id of the
 * hub as `owner/name` or `owner/name@revision`. Nothing is downloaded.
 * @throws UserError when it is none of them; a near name is suggested
 */
export function resolveBase(text: string): NamedBase {
  const known = namesIn('bases');
  if (known.includes(text)) return namedBase(text);
  if (existsSync(text) && statSync(text).isDirectory()) return folderBase(text);
  const looksLikePath = /^[./~]|\/.*\/|\/$/.test(text.replace(/@.*/, ''));
  if (looksLikePath) throw new UserError(`base folder ${text} does not exist`);
  const id = hubId.exec(text);
  if (id) return hubBase(id[1]!, id[2], known);
  throw new UserError(
    `unknown base ${text}, neither a name, a folder in Hugging Face layout nor an id of the hub (owner/name); ${suggest(text, known)}`,
  );
}

const hubId = /^([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@([\w./-]+))?$/;

function namedBase(name: string): NamedBase {
  const file = readBaseFile(name);
  const folder = new URL(`../bases/${file.folder}/`, import.meta.url);
  const source =
    file.hub === undefined
      ? { folder: fileURLToPath(folder).replace(/\/$/, '') }
      : { id: file.hub, revision: file.revision! };
  return { name, recipe: file.recipe, source, file };
}

function folderBase(path: string): NamedBase {
  return { name: basename(resolve(path)), recipe: defaultRecipe, source: { folder: path.replace(/(?<=.)\/+$/, '') } };
}

/** An id whose base has a file here is that base, at the revision stated or else the one of the file. */
function hubBase(id: string, revision: string | undefined, known: string[]): NamedBase {
  for (const name of known) {
    const base = namedBase(name);
    if ('id' in base.source && base.source.id === id)
      return { ...base, source: { id, revision: revision ?? base.source.revision } };
  }
  return { name: id.split('/')[1]!, recipe: defaultRecipe, source: { id, revision: revision ?? 'main' } };
}
