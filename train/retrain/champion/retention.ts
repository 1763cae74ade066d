import { existsSync, readdirSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runFolder, runsRoot } from '../../../checkpoints/run/folder.js';
import { partialMark } from '../../../data/files/writeBeside.js';
import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { isByHand, isChoice, type HistoryEntry } from '../history.js';
import type { PlanFolder } from '../planFolder.js';
import { predecessors } from './predecessors.js';

/**
 * The folders that a plan's `keep` lets go: runs that its own retrainings trained and that are neither the champion nor
 * one of the champions before it, by number and age, and the folders of champions that are no longer kept. Nothing else
 * is ever named: what the history does not call a run of this plan is not its own.
 * @param champion  the one in use, or that would be
 */
export function dispensable(
  paths: PlanFolder,
  { champions, runs, days }: RetrainingPlan['keep'],
  champion: string | null,
  history: readonly HistoryEntry[],
  nowMs: number,
): string[] {
  const chosen = [
    ...predecessors(history),
    ...history
      .filter(isChoice)
      .map((entry) => entry.run)
      .reverse(),
  ];
  const before = [...new Set(chosen)].filter((run) => run !== champion).slice(0, champions);
  const kept = new Set([...(champion === null ? [] : [champion]), ...before]);
  const trained = history.filter((entry) => !isByHand(entry)).reverse();
  const others = trained.filter(({ run }) => !kept.has(run));
  const tooOld = (time: string) => days !== undefined && nowMs - Date.parse(time) > days * dayMs;
  const gone = others.filter(({ time }, index) => index >= runs || tooOld(time)).map(({ run }) => run);
  const runFolders = gone.map((run) => runFolder(runsRoot, run).folder).flatMap((folder) => [folder, goneName(folder)]);
  const versions = existsSync(paths.champions)
    ? readdirSync(paths.champions)
        .map((name) => join(paths.champions, name))
        .filter(isOfChampion)
    : [];
  const held = new Set([...kept].map((run) => paths.champion(run)));
  return [...new Set([...runFolders, ...versions.filter((folder) => !held.has(folder))])].filter((folder) =>
    existsSync(folder),
  );
}

/**
 * Remove what `dispensable` named. Each loses its name first, so that no half of a champion is ever chosen; what cannot be
 * removed stands in no retraining's way.
 * @param say  told each folder
 */
export async function removeAll(folders: readonly string[], say: (line: string) => void): Promise<void> {
  for (const folder of folders)
    try {
      const gone = goneName(folder);
      await rm(gone, { recursive: true, force: true });
      if (existsSync(folder)) await rename(folder, gone);
      await rm(gone, { recursive: true, force: true });
      say(`removed ${folder}`);
    } catch (error) {
      say(`warning: ${folder} could not be removed: ${(error as Error).message}`);
    }
}

/** What `publish` makes; a folder that somebody put beside those, or put something into, stays. */
function isOfChampion(folder: string): boolean {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return false;
  const names = ['adapter', 'merged', 'sentence-transformers', 'contract.json', 'proof.json', 'decision.json'];
  return readdirSync(folder).every((name) => names.includes(name.split(partialMark)[0]!));
}

const goneMark = '.gone';
const goneName = (folder: string) => (folder.endsWith(goneMark) ? folder : `${folder}${goneMark}`);

const dayMs = 24 * 3600 * 1000;
