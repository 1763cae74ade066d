import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who made a claim: told apart from a later process with the same number, and from those of other containers. */
interface Owner {
  host: string;
  boot: string;
  namespace: string;
  pid: number;
  started: string;
  token: string;
}

/** A process whose life cannot be looked up from here is taken for gone when its claim was not touched for so long. */
const silenceMs = 10 * 60_000;
const heartbeatMs = 15_000;

const held = new Set<string>();
let heartbeat: NodeJS.Timeout | undefined;
const me: Owner = { ...processFacts(process.pid), token: randomBytes(12).toString('hex') };

/** Names what this process alone writes. */
export const ownToken = me.token;

/**
 * Put a file where other processes see it, as long as this one lives. It is gone when the process ends, or else known to
 * be of no process.
 * @param facts  what is claimed, for those who look
 * @returns      false where a living process, perhaps this one, has it
 */
export function claim(file: string, facts: object = {}): boolean {
  const text = JSON.stringify({ owner: me, ...facts });
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
    const facts = JSON.parse(text) as Record<string, unknown> & { owner: Owner };
    return isAtWork(facts.owner, ageMs) ? facts : undefined;
  } catch {
    return ageMs < silenceMs ? {} : undefined; // being written
  }
}

function isAtWork(owner: Owner, ageMs: number): boolean {
  const isHere = owner.host === me.host && owner.boot === me.boot && owner.namespace === me.namespace;
  return isHere ? processFacts(owner.pid).started === owner.started : ageMs < silenceMs;
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

/** Source: Linux's proc(5): field 22 of stat is the start in clock ticks; the name before it may hold blanks. */
function processFacts(pid: number): Omit<Owner, 'token'> {
  const read = (get: () => string) => {
    try {
      return get().trim();
    } catch {
      return '';
    }
  };
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return {
    host: hostname(),
    boot: read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    namespace: read(() => readlinkSync('/proc/self/ns/pid')),
    pid,
    started: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? (isRunning(pid) ? 'running' : ''),
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
