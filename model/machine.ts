import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';

/** What this machine has that decides how fast training can be. Sizes in bytes. */
export interface Machine {
  node: string;
  processor: string;
  cores: number;
  /** That TensorFlow computes with: the environment may give it fewer than there are cores. */
  threads: number;
  /** Instruction sets that bfloat16 products or wide vectors use; empty where the system does not tell. */
  instructions: string[];
  memory: { total: number; free: number };
  /** One line a card that this process may see: name, memory, driver. */
  gpus: string[];
  diskFree: number;
}

const notable = ['avx2', 'avx512f', 'avx512_bf16', 'amx_bf16', 'asimd', 'sve', 'bf16'];

/** @param folder  whose disk is asked for its free space */
export function describeMachine(folder: string): Machine {
  const { bavail, bsize } = statfsSync(folder);
  return {
    node: process.versions.node,
    processor: cpus()[0]?.model.trim() ?? process.arch,
    cores: availableParallelism(),
    threads: threadsWanted() ?? availableParallelism(),
    instructions: instructions(),
    memory: { total: totalmem(), free: availableMemory() },
    gpus: gpus(),
    diskFree: bavail * bsize,
  };
}

/** Threads that the environment gives a computation; undefined where it leaves them open. */
export function threadsWanted(): number | undefined {
  const asked = ['TF_NUM_INTRAOP_THREADS', 'OMP_NUM_THREADS'].map((name) => Number(process.env[name] ?? 0));
  return asked.find((count) => count > 0);
}

/** Those of the processor that change how fast products are, and how they round. Linux lists them as `flags` on x86-64 and `Features` on Arm. */
export function instructions(): string[] {
  const flags =
    read('/proc/cpuinfo')
      .match(/^(?:flags|Features)\s*:(.*)$/m)?.[1]
      ?.split(' ') ?? [];
  return notable.filter((name) => flags.includes(name));
}

/** Bytes that programs can still take, caches that would give way included, where the system tells. */
export function availableMemory(): number {
  const kilobytes = read('/proc/meminfo').match(/^MemAvailable:\s*(\d+) kB$/m)?.[1];
  const free = kilobytes ? Number(kilobytes) * 1024 : (availableOnMac() ?? freemem());
  const limits = [process.constrainedMemory() ?? 0, ownLimit()].filter((limit) => limit > 0);
  const limit = Math.min(...limits); // of a container or a rank, this process included
  return limit < Infinity ? Math.max(0, Math.min(free, limit - process.memoryUsage().rss)) : free;
}

/** Megabytes that this process may take, where several share the machine. */
export const memoryLimitVariable = 'TERCET_MEMORY_MEGABYTES';

const ownLimit = () => Number(process.env[memoryLimitVariable] ?? 0) * 1e6;

/** macOS calls memory free only where nothing at all is in it: files that were read and could give way are not. */
function availableOnMac(): number | undefined {
  if (process.platform !== 'darwin') return undefined;
  try {
    return parseVmStat(execFileSync('vm_stat', { stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 }).toString());
  } catch {
    return undefined;
  }
}

/** Bytes of the pages that `vm_stat` of macOS lists as free or ready to give way; undefined for other text. */
export function parseVmStat(printed: string): number | undefined {
  const pageBytes = Number(printed.match(/page size of (\d+) bytes/)?.[1]);
  const pages = ['free', 'inactive', 'speculative', 'purgeable'].map((kind) =>
    Number(printed.match(new RegExp(`^Pages ${kind}:\\s+(\\d+)\\.`, 'm'))?.[1]),
  );
  const bytes = pageBytes * pages.reduce((sum, count) => sum + count, 0);
  return Number.isNaN(bytes) ? undefined : bytes;
}

function gpus(): string[] {
  try {
    const query = ['--query-gpu=index,uuid,name,memory.total,driver_version', '--format=csv,noheader'];
    const printed = execFileSync('nvidia-smi', query, { stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 });
    return seenCards(printed.toString(), process.env['CUDA_VISIBLE_DEVICES']);
  } catch {
    return []; // no nvidia-smi, or no driver that it can talk to
  }
}

/**
 * The cards that a process may see, in its order.
 * @param printed  by nvidia-smi, a line a card: index, UUID, and what is to be told of it
 * @param visible  CUDA_VISIBLE_DEVICES: indices, or beginnings of UUIDs; all where undefined
 */
export function seenCards(printed: string, visible: string | undefined): string[] {
  const cards = printed.split('\n').flatMap((line) => {
    const [index, uuid, ...told] = line.split(',').map((cell) => cell.trim());
    return told.length > 0 ? [{ index, uuid: uuid!, told: told.join(', ') }] : [];
  });
  const named = visible?.split(',').map((name) => name.trim());
  const chosen = named?.map((name) => cards.find(({ index, uuid }) => index === name || isUuid(name, uuid))) ?? cards;
  return chosen.flatMap((card) => (card ? [card.told] : []));
}

const isUuid = (name: string, uuid: string) => name.startsWith('GPU-') && uuid.startsWith(name);

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
