import { readdirSync, readFileSync } from 'node:fs';

/** Processes that a command launched as its ranks, in their order. */
export function ranksOf(parent: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const children = all.filter((pid) => textOf(`/proc/${pid}/stat`).split(') ')[1]?.split(' ')[1] === String(parent));
  const rankOf = (pid: string) => Number(/"rank":(\d+)/.exec(textOf(`/proc/${pid}/environ`))?.[1]);
  return children
    .filter((pid) => !Number.isNaN(rankOf(pid)))
    .sort((one, other) => rankOf(one) - rankOf(other))
    .map(Number);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended
  }
}
