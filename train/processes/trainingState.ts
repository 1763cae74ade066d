import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { readRunConfig } from '../../checkpoints/run/config.js';
import { runFolder, runsRoot } from '../../checkpoints/run/folder.js';
import { lockName, lockRun } from '../../checkpoints/run/lock.js';
import { readLog, type LogEvent } from '../../checkpoints/run/log.js';

/** How far the training of a run is. */
export type TrainingState =
  | { kind: 'to do' }
  /** Training began; updates after the saved one are lost. */
  | { kind: 'unfinished'; update: number; updates: number }
  | { kind: 'done' };

/** Tell from what lies on the disk how far the training of a run is; nothing is changed. */
export async function trainingState(run: string): Promise<TrainingState> {
  const paths = runFolder(runsRoot, run);
  if (!existsSync(paths.config)) return { kind: 'to do' };
  const { updates } = await readRunConfig(paths.config);
  const log = existsSync(paths.log) ? await readLog(paths.log) : [];
  const isEnd = ({ event, step, stoppedEarly }: LogEvent) =>
    event === 'end' && (step === updates || stoppedEarly === true);
  if (existsSync(paths.adapter) && log.some(isEnd)) return { kind: 'done' };
  const names = existsSync(paths.state) ? await readdir(paths.state) : [];
  const steps = names.flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return { kind: 'unfinished', update: Math.max(0, ...steps), updates };
}

/**
 * A run that died before its settings were written leaves nothing that is of use, but stands in the way.
 * @throws UserError when it is alive
 */
export async function clearAborted(run: string): Promise<void> {
  const { folder, config } = runFolder(runsRoot, run);
  if (!existsSync(folder) || existsSync(config)) return;
  const lock = lockRun(folder);
  try {
    if (!existsSync(config) && (await readdir(folder)).every(isOfNoUse)) await rm(folder, { recursive: true });
  } finally {
    lock.release();
  }
}

const isOfNoUse = (name: string) => [lockName, 'contract.json', 'config.yaml'].some((start) => name.startsWith(start));
