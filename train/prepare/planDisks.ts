import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { freeBytes } from '../../data/download/requireSpace.js';

/** Something that is going to be written. */
export interface DiskNeed {
  what: string;
  /** Folder that it goes to, which need not exist yet. */
  place: string;
  bytes: number;
  /** How to have it elsewhere. */
  remedy: string;
}

/** A disk and all that is going to be written there. */
export interface PlannedDisk {
  place: string;
  bytes: number;
  free: number;
  parts: { what: string; bytes: number }[];
  /** Why it is too small, with the remedy. */
  problem?: string;
}

/** Sum up what is going to be written by the disk that it goes to. */
export function planDisks(needs: readonly DiskNeed[], freeAt = freeBytes): PlannedDisk[] {
  const disks = new Map<number, DiskNeed[]>();
  for (const need of needs) disks.set(deviceOf(need.place), [...(disks.get(deviceOf(need.place)) ?? []), need]);
  return [...disks.values()].map((parts) => {
    const { place } = parts[0]!;
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    const free = freeAt(place);
    const planned = { place, bytes, free, parts: parts.map((part) => ({ what: part.what, bytes: part.bytes })) };
    if (bytes <= free) return planned;
    const largest = parts.reduce((one, other) => (other.bytes > one.bytes ? other : one));
    const list = parts.map((part) => `${part.what} ${gigabytes(part.bytes)}`).join(', ');
    const problem =
      `the disk of ${place} must take ${gigabytes(bytes)} (${list}) and has ${gigabytes(free)} free; ` +
      `make room, or ${largest.remedy}`;
    return { ...planned, problem };
  });
}

/** Bytes for people. */
export const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(bytes < 1e8 ? 3 : 1)} GB`;

function deviceOf(folder: string): number {
  let place = resolve(folder);
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  return statSync(place).dev;
}
