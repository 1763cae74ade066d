import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface StoppedWatch {
  /** Whether this watch has killed that process. */
  hasEnded(child: ChildProcess): boolean;
  end(): void;
}

const lookEveryMs = 1000;

/**
 * Kill processes that someone has stopped for longer than ranks have patience, so that others need not wait for them any
 * longer. Elsewhere than on Linux it is not looked for.
 * @param children  that run now; asked each time
 */
export function watchStopped(children: () => Iterable<ChildProcess>, patienceSeconds: number): StoppedWatch {
  // Counted, not timed: where this process is stopped with them, as by Ctrl-Z, that is nobody's lack of patience.
  const looks = new Map<ChildProcess, number>();
  const ended = new Set<ChildProcess>();
  const timer = setInterval(() => {
    for (const child of children()) {
      const seen = isStopped(child.pid) ? (looks.get(child) ?? 0) + 1 : 0;
      looks.set(child, seen);
      if (seen * lookEveryMs <= 1000 * patienceSeconds) continue;
      ended.add(child);
      child.kill('SIGKILL');
    }
  }, lookEveryMs).unref();
  return { hasEnded: (child) => ended.has(child), end: () => clearInterval(timer) };
}

/** By SIGSTOP or a debugger. */
function isStopped(pid: number | undefined): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return /^[Tt]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
