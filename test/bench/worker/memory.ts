import { readFileSync, writeFileSync } from 'node:fs';

/** What this process holds in memory, in bytes. */
export interface Memory {
  resident: number;
  /** Most that was ever resident since `resetPeak`, or since the process began where the system cannot reset it. */
  peak: number;
}

/** Source: proc(5), VmRSS and VmHWM; elsewhere than on Linux, getrusage. */
export function readMemory(): Memory {
  const status = statusLines();
  const bytes = (name: string) => Number(status.match(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm'))?.[1]) * 1024;
  if (!status) return { resident: process.memoryUsage.rss(), peak: process.resourceUsage().maxRSS * 1024 };
  return { resident: bytes('VmRSS'), peak: bytes('VmHWM') };
}

/** Let the peak count from now on. Source: proc(5), clear_refs. @returns whether the system can */
export function resetPeak(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return true;
  } catch {
    return false;
  }
}

function statusLines(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}
