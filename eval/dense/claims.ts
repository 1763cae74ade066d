import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { lifeOf, owner } from '../../setup/lock/owner.mjs';

/** A process whose life cannot be looked up from here is taken for gone when its claim was not touched for so long. */
const silenceMs = 10 * 60_000;
const heartbeatMs = 15_000;

const held = new Set<string>();
let heartbeat: NodeJS.Timeout | undefined;

/**
 * Put a file where other processes see it, as long as this one lives. It is gone when the process ends, or else known to
 * be of no process. Unlike a lock it is asked for in passing: the work that it stands for may be done twice, at a cost.
 * @param facts  what is claimed, for those who look
 * @returns      false where a living process, perhaps this one, has it
 */
export function claim(file: string, facts: object = {}): boolean {
  const text = JSON.stringify({ owner, ...facts });
  // Twice: that of a process that is gone is removed. Should another have put its own there just then, both hold the
  // claim, and the same work is done twice.
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, text, { flag: 'wx' });
      hold(file);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (isClaimed(file)) return false;
      rmSync(file, { force: true });
    }
  }
  return false;
}

/** Give up a claim of this process. */
export function release(file: string): void {
  if (!held.delete(file)) return;
  try {
    rmSync(file, { force: true });
  } catch {
    // Its folder is gone; once this process is too, the claim counts no more.
  }
}

/** Whether a living process has the claim. */
export const isClaimed = (file: string): boolean => readClaim(file) !== undefined;

/** What a living process said with its claim; undefined where there is none. */
export function readClaim(file: string): Record<string, unknown> | undefined {
  let [ageMs, text] = [0, ''];
  try {
    ageMs = Date.now() - statSync(file).mtimeMs;
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined; // given up
  }
  try {
    const facts = JSON.parse(text) as Record<string, unknown> & { owner: string };
    const life = lifeOf(facts.owner);
    return life === 'alive' || (life === 'unseen' && ageMs < silenceMs) ? facts : undefined;
  } catch {
    return ageMs < silenceMs ? {} : undefined; // being written
  }
}

function hold(file: string): void {
  held.add(file);
  if (heartbeat) return;
  heartbeat = setInterval(() => {
    for (const file of held)
      try {
        utimesSync(file, new Date(), new Date());
      } catch {
        // Removed by hand: the work goes on, and others may begin it too.
      }
  }, heartbeatMs).unref();
  process.once('exit', () => held.forEach(release));
}
