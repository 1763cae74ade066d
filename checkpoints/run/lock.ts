import { join } from 'node:path';
import { UserError } from '../../configs/userError.js';
import { explainWriteFailure } from '../../data/files/explainWriteFailure.js';
import { tryLock, type Lock } from '../../setup/lock/lock.mjs';

/** The file in a run folder that names the process at work there. */
export const lockName = 'run.lock';

interface Locked {
  kind: string;
  another: string;
}

/**
 * Keep other processes from training in a run folder until `release`. The lock of a process that has died does not
 * count.
 * @param what  is in the folder, and how to have another one, for the message
 * @throws UserError when another process holds it
 */
export function lockRun(folder: string, what: Locked = { kind: 'run', another: 'name another by --run' }): Lock {
  const file = join(folder, lockName);
  const { lock, holder } = lockOrExplain(file);
  if (lock) return lock;
  throw new UserError(
    `${what.kind} ${folder} is in use by ${holder}; wait for it, ${what.another}, or remove ${file} if that process is gone`,
  );
}

function lockOrExplain(file: string) {
  try {
    return tryLock(file);
  } catch (error) {
    throw explainWriteFailure(error, file);
  }
}
