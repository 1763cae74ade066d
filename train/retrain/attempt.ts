import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../../configs/userError.js';
import { syncFolder, writeBeside } from '../../data/files/writeBeside.js';
import type { Decision } from './gate/decide.js';

/** A retraining under way: all that a later call needs to end it as this one would have. */
export interface Attempt {
  id: string;
  /** Milliseconds since 1970. */
  startedMs: number;
  /** Of the work in it so far, by every process. */
  workSeconds: number;
  /** Calls whose training or judgement failed, and why the last did. */
  tries: number;
  failure?: string;
  fingerprint: string;
  run: string;
  data: { files: string[]; identities: string[]; rows: number };
  base: { name: string; identity: string };
  settings: string;
  /** The arguments of its training. */
  training: string[];
  /** Run of the champion that it was judged against; null where there was none. Written with the decision. */
  champion?: string | null;
  decision?: Decision;
}

/** @returns undefined where no retraining is under way @throws UserError when its file is damaged */
export async function readAttempt(file: string): Promise<Attempt | undefined> {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Attempt;
  } catch {
    throw new UserError(`${file} is damaged; remove it to begin the retraining anew`);
  }
}

export const writeAttempt = (file: string, attempt: Attempt): Promise<void> =>
  writeBeside(file, `${JSON.stringify(attempt, null, 2)}\n`);

export async function endAttempt(file: string): Promise<void> {
  await rm(file, { force: true });
  await syncFolder(dirname(file));
}
