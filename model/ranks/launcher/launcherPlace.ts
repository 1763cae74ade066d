import type { RankPlace } from '../../engine/ranks/rankPlace.js';

/** The place of this process among those that a launcher of others' started. */
export interface LauncherPlace {
  /** Who says so, as a user knows it: "Slurm". */
  launcher: string;
  place: RankPlace;
  /** Threads of a computation that the launcher means each process to take; undefined where it does not say. */
  threads?: number;
}

/** The machine of an address, `host:port`. */
export const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':'));
