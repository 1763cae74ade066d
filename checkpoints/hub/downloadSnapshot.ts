import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DownloadScreen } from '../../configs/cli/download.js';
import type { HubRevision } from '../../configs/load/resolveBase.js';
import { makeFolder } from '../../data/files/makeFolder.js';
import { UserError } from '../../configs/userError.js';
import { fetchFile } from '../../data/download/web/fetchFile.js';
import { requireSpace } from '../../data/download/requireSpace.js';
import type { Patience } from '../../data/download/web/retry.js';
import { UnreachableError } from '../../data/download/web/webErrors.js';
import { explainWriteFailure } from '../../data/files/explainWriteFailure.js';
import { withLock } from '../../setup/lock/lock.mjs';
import { explainHubFailure } from './explainHubFailure.js';
import { cachePlaces, findCached, isCommit, linkBlob, writeRef, type CachedSnapshot } from './hubCache.js';
import { hubSettings, type HubSettings } from './hubSettings.js';
import { fileUrl, listSnapshot, tokenHeader, type HubFile, type Snapshot } from './listSnapshot.js';
import type { Wanted } from './neededFiles.js';
import { planDownload, type DownloadPlan } from './planDownload.js';

export interface DownloadOptions {
  settings?: HubSettings;
  patience?: Patience;
  idleMs?: number;
}

/** More at a time bring nothing: a few connections fill the line. */
const filesAtATime = 3;

/**
 * Bring a model of the hub into the cache that Hugging Face's tools share, unless it is there, and say where it lies. A
 * commit that is there is not asked about again. Processes that want the same file wait for one another.
 * @throws UserError in one line when it cannot be had; what has come stays and is gone on with
 */
export async function downloadSnapshot(
  source: HubRevision,
  wanted: Wanted,
  screen: DownloadScreen,
  options: DownloadOptions = {},
): Promise<CachedSnapshot> {
  const { settings = hubSettings(), patience } = options;
  const cached = findCached(settings.cache, source, wanted);
  if (cached && (settings.offline || isCommit(source.revision))) return cached;
  const where = `${source.id}${source.revision === 'main' ? '' : `@${source.revision}`}`;
  if (settings.offline)
    throw new UserError(
      `${where} is not complete in ${settings.cache}, and HF_HUB_OFFLINE forbids to download it; unset that, or set HF_HOME`,
    );
  let snapshot: Snapshot;
  try {
    snapshot = await listSnapshot(source, settings, patience);
  } catch (error) {
    if (!cached || !(error instanceof UnreachableError)) throw error;
    screen.say(`hub     not reached; taking ${where} as it was downloaded before, at ${cached.commit}`);
    return cached;
  }
  if (snapshot.id !== source.id) screen.say(`hub     ${source.id} is now called ${snapshot.id}`);
  const plan = planDownload(snapshot, source, wanted, settings);
  await fetchPlan(plan, snapshot.commit, source, settings, screen, options);
  const places = cachePlaces(settings.cache, source.id);
  await writeRef(places, source.revision, snapshot.commit);
  return { folder: places.snapshot(snapshot.commit), commit: snapshot.commit };
}

async function fetchPlan(
  { files, bytes, bytesPresent }: DownloadPlan,
  commit: string,
  source: HubRevision,
  settings: HubSettings,
  screen: DownloadScreen,
  options: DownloadOptions,
): Promise<void> {
  const places = cachePlaces(settings.cache, source.id);
  const waiting = files.filter(({ isComplete }) => !isComplete);
  const present = new Map(files.map((file) => [file.name, file.present]));
  const stop = new AbortController();
  let bar: ReturnType<DownloadScreen['bar']> | undefined;
  if (waiting.length > 0) {
    requireSpace(settings.cache, bytes - bytesPresent, `downloading ${source.id}`, 'set HF_HOME to a folder elsewhere');
    screen.say(`hub     ${source.id}@${commit}, ${waiting.length} files to ${settings.cache}`);
    bar = screen.bar(bytes, bytesPresent);
  }
  const onProgress = (name: string, done: number) => {
    present.set(name, done);
    bar?.update(
      [...present.values()].reduce((sum, part) => sum + part, 0),
      name,
    );
  };
  const worker = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      await fetchBlob(file, commit, source, settings, screen, onProgress, stop.signal, options);
      onProgress(file.name, file.bytes);
    }
  };
  try {
    await Promise.all(
      Array.from({ length: filesAtATime }, () =>
        worker().catch((error: unknown) => {
          stop.abort(error); // the first failure ends the other files too
          throw error;
        }),
      ),
    );
    for (const { name, blob } of files) await linkBlob(places, commit, name, blob);
  } catch (error) {
    throw explainWriteFailure(error, settings.cache);
  } finally {
    bar?.stop();
  }
}

async function fetchBlob(
  file: HubFile,
  commit: string,
  source: HubRevision,
  settings: HubSettings,
  screen: DownloadScreen,
  onProgress: (name: string, bytes: number) => void,
  signal: AbortSignal,
  { patience, idleMs }: DownloadOptions,
): Promise<void> {
  const places = cachePlaces(settings.cache, source.id);
  const path = places.blob(file.blob);
  const sayWait = (holder: string) => screen.say(`waiting for ${holder}, which downloads ${file.name} too`);
  await makeFolder(dirname(places.lock(file.blob)));
  await withLock(places.lock(file.blob), sayWait, async () => {
    if (existsSync(path)) return; // another process has fetched it meanwhile
    signal.throwIfAborted();
    try {
      await fetchFile({
        url: fileUrl(source.id, commit, file.name, settings),
        path,
        headers: tokenHeader(settings),
        size: file.bytes,
        hash: file.hash,
        signal,
        ...(patience && { patience }),
        ...(idleMs !== undefined && { idleMs }),
        onProgress: (bytes) => onProgress(file.name, bytes),
        onWait: (why, waitMs) => screen.say(`${why}; trying again in ${Math.ceil(waitMs / 1000)} s`),
      });
    } catch (error) {
      throw explainHubFailure(error, source, settings);
    }
  });
}
