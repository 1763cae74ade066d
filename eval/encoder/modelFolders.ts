import { runFolder, runsRoot } from '../../checkpoints/run/folder.js';
import { resolveBase } from '../../configs/load/resolveBase.js';

/** The files and folders that a model is read from, as users name it, as far as they are named by place. */
export function modelFolders(model: string, base?: string): string[] {
  const [kind, name = ''] = model.split(/:(.*)/s);
  const more = base === undefined ? [] : foldersOfBase(base);
  if (model === 'bm25') return [];
  if (kind === 'trec') return [name];
  if (kind === 'run') return [runFolder(runsRoot, name.split('@')[0]!).folder, ...more];
  return kind === 'base' ? foldersOfBase(name) : [model, ...more];
}

function foldersOfBase(base: string): string[] {
  const { source } = resolveBase(base);
  return 'folder' in source ? [source.folder] : [];
}
