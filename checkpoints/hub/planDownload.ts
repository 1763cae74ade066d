import { existsSync, statSync } from 'node:fs';
import type { HubRevision } from '../../configs/load/resolveBase.js';
import { incompleteName } from '../../data/download/web/fetchFile.js';
import { cachePlaces } from './hubCache.js';
import type { HubSettings } from './hubSettings.js';
import type { HubFile, Snapshot } from './listSnapshot.js';
import { neededFiles, type Wanted } from './neededFiles.js';

/** What a download would fetch. */
export interface DownloadPlan {
  files: (HubFile & { /** Bytes of it that are on this machine. */ present: number; isComplete: boolean })[];
  bytes: number;
  bytesPresent: number;
}

/** Which of a snapshot's files are wanted and how much of each the cache holds already. */
export function planDownload(
  snapshot: Snapshot,
  source: HubRevision,
  wanted: Wanted,
  settings: HubSettings,
): DownloadPlan {
  const places = cachePlaces(settings.cache, source.id);
  const what = `${source.id}@${snapshot.commit}`;
  const names = neededFiles(
    snapshot.files.map(({ name }) => name),
    wanted,
    what,
  );
  const files = names.map((name) => {
    const file = snapshot.files.find((other) => other.name === name)!;
    const blob = places.blob(file.blob);
    const isComplete = existsSync(blob);
    return {
      ...file,
      isComplete,
      present: isComplete ? file.bytes : Math.min(file.bytes, sizeOf(incompleteName(blob))),
    };
  });
  return { files, bytes: sum(files.map((file) => file.bytes)), bytesPresent: sum(files.map((file) => file.present)) };
}

/** A place that cannot be looked at is told of when something is to be written there. */
function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
