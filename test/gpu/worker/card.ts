import { execFileSync } from 'node:child_process';

/** A card as the driver tells. */
export interface Card {
  name: string;
  /** Of the whole card, all programs together, in bytes. */
  memoryUsed: number;
  memoryTotal: number;
  driver: string;
  /** Such as 9.0; absent where the driver is too old to tell. */
  computeCapability?: string;
}

/** Every card of this machine; none without a driver that answers. */
export function cards(): Card[] {
  const basic = ['name', 'memory.used', 'memory.total', 'driver_version'];
  return (ask([...basic, 'compute_cap']) ?? ask(basic) ?? []).map(
    ([name = '', used, total, driver = '', computeCapability]) => ({
      name,
      memoryUsed: Number(used) * 2 ** 20,
      memoryTotal: Number(total) * 2 ** 20,
      driver,
      ...(computeCapability !== undefined && { computeCapability }),
    }),
  );
}

function ask(fields: string[]): string[][] | undefined {
  try {
    const args = [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'];
    const printed = execFileSync('nvidia-smi', args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: 20_000 });
    const lines = printed.toString().trim().split('\n').filter(Boolean);
    return lines.map((line) => line.split(',').map((cell) => cell.trim()));
  } catch {
    return undefined;
  }
}
