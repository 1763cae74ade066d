import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { lstat, readlink, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { HubRevision } from '../../configs/load/resolveBase.js';
import { makeFolder } from '../../data/files/makeFolder.js';
import { UserError } from '../../configs/userError.js';
import { requireFileName } from '../../data/files/requireFileName.js';
import { partialName, writeBeside } from '../../data/files/writeBeside.js';
import { neededFiles, type Wanted } from './neededFiles.js';

/** The places of one model in a cache that Hugging Face's own tools share. Source: huggingface_hub, "Manage cache". */
export interface CachePlaces {
  blob(name: string): string;
  snapshot(commit: string): string;
  ref(revision: string): string;
  /** Kept by one process while it fetches a blob. Not the lock file of the Python library, which it would remove. */
  lock(blob: string): string;
}

export function cachePlaces(cache: string, id: string): CachePlaces {
  const name = `models--${id.replace('/', '--')}`;
  return {
    blob: (blob) => join(cache, name, 'blobs', blob),
    snapshot: (commit) => join(cache, name, 'snapshots', commit),
    ref: (revision) => {
      requireFileName(revision, `the revision of ${id}`); // an adapter's file may state it
      return join(cache, name, 'refs', revision);
    },
    lock: (blob) => join(cache, '.locks', name, `${blob}.fetching`),
  };
}

export const isCommit = (revision: string) => /^[0-9a-f]{40}$/.test(revision);

/** A model's files on this machine, at one commit. */
export interface CachedSnapshot {
  folder: string;
  commit: string;
}

/** What the cache knows of a revision, provided that every file wanted of it is there. */
export function findCached(cache: string, source: HubRevision, wanted: Wanted): CachedSnapshot | undefined {
  const places = cachePlaces(cache, source.id);
  const commit = isCommit(source.revision) ? source.revision : readRef(places.ref(source.revision));
  if (commit === undefined) return undefined;
  const folder = places.snapshot(commit);
  return holdsAll(folder, wanted) ? { folder, commit } : undefined;
}

function readRef(file: string): string | undefined {
  const commit = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return isCommit(commit) ? commit : undefined;
}

/** A snapshot that was begun only holds some of its files; links to blobs that are gone do not count. */
function holdsAll(folder: string, wanted: Wanted): boolean {
  const present = existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(join(folder, name))) : [];
  const needed = ['tokenizer.json', 'tokenizer_config.json', ...(wanted === 'model' ? ['config.json'] : [])];
  if (!needed.every((name) => present.includes(name))) return false;
  if (wanted === 'tokenizer' || present.includes('model.safetensors')) return true;
  return shardsOf(join(folder, 'model.safetensors.index.json')).every((shard) => present.includes(shard));
}

/** Files that an index names; one that cannot be read names a file that no folder holds. */
function shardsOf(index: string): string[] {
  try {
    const { weight_map: places } = JSON.parse(readFileSync(index, 'utf8')) as { weight_map: Record<string, string> };
    return [...new Set(Object.values(places)), ...neededFiles(Object.values(places), 'model', index)];
  } catch {
    return [''];
  }
}

/** Let a snapshot name a blob, as a link relative to it. */
export async function linkBlob(places: CachePlaces, commit: string, file: string, blob: string): Promise<void> {
  const link = join(places.snapshot(commit), file);
  const target = relative(dirname(link), places.blob(blob));
  await makeFolder(dirname(link));
  const found = await lstat(link).catch(() => undefined);
  if (found && !found.isSymbolicLink()) return; // where links cannot be made, the Python library puts the file itself
  if (found && (await readlink(link)) === target) return;
  const beside = partialName(link);
  await rm(beside, { force: true });
  try {
    await symlink(target, beside);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'ENOSYS' && code !== 'ENOTSUP') throw error;
    throw new UserError(
      `the disk of ${dirname(link)} takes no symbolic links; set HF_HOME to a folder on another disk`,
    );
  }
  await rename(beside, link);
}

/** Remember which commit a branch or tag is. */
export async function writeRef(places: CachePlaces, revision: string, commit: string): Promise<void> {
  const file = places.ref(revision);
  if (isCommit(revision) || readRef(file) === commit) return;
  await writeBeside(file, commit);
}
