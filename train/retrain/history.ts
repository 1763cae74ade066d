import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../../configs/userError.js';
import { explainWriteFailure } from '../../data/files/explainWriteFailure.js';
import { syncFolder } from '../../data/files/writeBeside.js';
import type { Decision } from './gate/decide.js';
import { makeFolder } from '../../data/files/makeFolder.js';

/** What became of a retraining, or what a person decided. */
export interface HistoryEntry {
  /** Of the retraining; a line is never written twice for one. */
  id: string;
  /** ISO 8601, universal time. */
  time: string;
  outcome: 'promoted' | 'kept' | 'given up' | 'rolled back' | 'promoted by hand';
  /** The run that was judged or chosen, and the champion from then on. */
  run: string;
  champion: string | null;
  why: string;
  decision?: Decision;
  /** Hash of data, base and settings: a retraining with the same one would train the same again. */
  fingerprint?: string;
  data?: { identities: string[]; rows: number; added: number };
  base?: { name: string; identity: string };
  settings?: string;
  /** SHA-256 of the champion's adapter file. */
  adapter?: string;
  /** Version of tercet. */
  version: string;
  /** From the first start on, pauses included, and of the work itself. */
  seconds?: { wall: number; work: number };
}

/** Whether an entry chose a champion: what was found worse or given up did not. */
export const isChoice = ({ outcome }: HistoryEntry): boolean => outcome !== 'kept' && outcome !== 'given up';

/** Whether a person, not a retraining, wrote an entry. */
export const isByHand = ({ outcome }: HistoryEntry): boolean =>
  outcome === 'rolled back' || outcome === 'promoted by hand';

/**
 * Read a plan's history, oldest first. A last line that was torn when its process died is left out.
 * @throws UserError when another line is damaged
 */
export async function readHistory(file: string): Promise<HistoryEntry[]> {
  if (!existsSync(file)) return [];
  const text = await readFile(file, 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.flatMap((line, index) => {
    if (line === '') return [];
    try {
      return [JSON.parse(line) as HistoryEntry];
    } catch {
      throw new UserError(`${file}: line ${index + 1} is damaged; put it right or remove that line`);
    }
  });
}

/**
 * Append a line, which is on the disk when this returns; a torn end goes first. Nothing is done when the retraining has
 * its line already.
 */
export async function appendHistory(file: string, entry: HistoryEntry): Promise<void> {
  if ((await readHistory(file)).some(({ id }) => id === entry.id)) return;
  try {
    await makeFolder(dirname(file), file);
    const isNew = !existsSync(file);
    const handle = await open(file, 'a+');
    try {
      const text = await handle.readFile('utf8');
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      if (whole.length < text.length) await handle.truncate(Buffer.byteLength(whole));
      await handle.appendFile(`${JSON.stringify(entry)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (isNew) await syncFolder(dirname(file));
  } catch (error) {
    throw explainWriteFailure(error, file);
  }
}
