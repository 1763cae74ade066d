import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonObject } from '../../checkpoints/base/baseFolder.js';
import { runFolder, runsRoot } from '../../checkpoints/run/folder.js';
import { UserError } from '../../configs/userError.js';
import { writeBeside } from '../../data/files/writeBeside.js';
import { hasBegun } from './cellState.js';
import type { StudyCell } from './studyCells.js';
import { homePath } from '../../configs/cli/homePath.js';

/** Folder of all studies: what each of their cells was told, and the lock of the process at work. */
const studiesRoot = homePath('checkpoints/studies');

/** What each begun cell was told, by its name. */
export type Journal = Record<string, Record<string, unknown>>;

/** The folder of a study. */
export const studyFolder = (study: string): string => join(studiesRoot, study);

/** Read what the cells of a study were told so far. @throws UserError when the file is damaged */
export async function readJournal(study: string): Promise<Journal> {
  const file = journalFile(study);
  return existsSync(file) ? ((await readJsonObject(file)) as Journal) : {};
}

/** Write down what a cell is told, before it begins. */
export async function enterCell(study: string, cell: StudyCell): Promise<void> {
  const journal = { ...(await readJournal(study)), [cell.name]: cell.asked };
  await writeBeside(journalFile(study), `${JSON.stringify(journal, null, 2)}\n`);
}

/**
 * Refuse to go on with cells that were begun as something else than the study now says.
 * @throws UserError naming them, what changed, and what to do
 */
export function requireUnchanged(study: string, journal: Journal, cells: readonly StudyCell[]): void {
  // Results of BM25 are kept under all that they depend on, so those in its folder are always the right ones.
  const begun = cells.filter((cell) => cell.kind !== 'bm25' && hasBegun(cell));
  const changed = begun.flatMap((cell) => {
    const before = journal[cell.name];
    const what = before === undefined ? 'was not made by this study' : firstDifference(before, cell.asked);
    return what === undefined ? [] : [{ cell, what }];
  });
  if (changed.length === 0) return;
  const list = changed.map(({ cell, what }) => `${cell.name} (${what})`);
  const folders = changed.map(({ cell }) =>
    cell.run === undefined ? cell.results : runFolder(runsRoot, cell.run).folder,
  );
  throw new UserError(
    `study ${study} was begun with other settings: ${shortened(list)}; put them back, take another name for the study, ` +
      `or remove ${shortened(folders)}`,
  );
}

const journalFile = (study: string) => join(studyFolder(study), 'study.json');

function shortened(list: string[]): string {
  const shown = list.slice(0, 4).join(', ');
  return list.length > 4 ? `${shown} and ${list.length - 4} more` : shown;
}

/** The first setting that is not as it was, as `path is NEW and was OLD`. */
function firstDifference(before: unknown, now: unknown, path = ''): string | undefined {
  if (!isGroup(before) || !isGroup(now)) {
    const [old, given] = [JSON.stringify(before), JSON.stringify(now)];
    return old === given ? undefined : `${path} is ${given ?? 'absent'} and was ${old ?? 'absent'}`;
  }
  for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const inner = path === '' || path === 'settings' ? name : `${path}.${name}`;
    const found = firstDifference(before[name], now[name], inner);
    if (found !== undefined) return found;
  }
  return undefined;
}

const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
