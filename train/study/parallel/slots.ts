import { availableParallelism } from 'node:os';
import { UserError } from '../../../configs/userError.js';
import { cardsOfDriver } from '../../../model/engine/native/cards.js';
import { availableMemory } from '../../../model/machine.js';
import { divideMachine } from '../../../model/ranks/divideMachine.js';

/** A place in which one cell after another is worked through: what its processes have in their environment. */
export interface Slot {
  env: Record<string, string>;
}

/** What a machine has to share out among cells. */
export interface SharedMachine {
  /** As CUDA names them; none where cells are computed on the processor. */
  cards: readonly string[];
  cores: number;
  /** Bytes that programs can still take. */
  memory: number;
}

/** What the memory plan of a process may fill of what is free, as `memoryBudget` has it. */
const share = 0.8;

/** The one slot of a study that works on one cell at a time, with all that the machine has. */
export const onlySlot: Slot = { env: {} };

/**
 * As many slots as cells can be worked on at a time: one for each card; on the processor as many as their memory and
 * the cores allow. Threads and memory are divided among them.
 * @param asked  this number instead
 * @param needs  bytes that each unfinished cell takes at most; undefined where that is not known
 * @throws UserError when there is no room for the number asked for
 */
export function shareOut(
  asked: number | undefined,
  needs: readonly (number | undefined)[],
  machine: SharedMachine,
  env: NodeJS.ProcessEnv,
): Slot[] {
  const { cards } = machine;
  const count = Math.max(
    1,
    Math.min(needs.length, cards.length > 0 ? onCards(asked, cards) : onCores(asked, needs, machine)),
  );
  if (count === 1) return [cards.length > 1 ? { env: { CUDA_VISIBLE_DEVICES: cards[0]! } } : onlySlot];
  const divided = divideMachine(count, env, machine);
  return Array.from({ length: count }, (_, index) => ({
    env: { ...divided, ...(cards.length > 0 && { CUDA_VISIBLE_DEVICES: cards[index]! }) },
  }));
}

/** What this machine has to share out. Cards that the environment hides are left alone. */
export function sharedMachine(env: NodeJS.ProcessEnv): SharedMachine {
  const all = Array.from({ length: cardsOfDriver() }, (_, card) => String(card));
  const named = env['CUDA_VISIBLE_DEVICES']?.split(',').map((card) => card.trim());
  const cards = (named ?? all).filter((card) => card !== '' && card !== '-1');
  const isOnCards = all.length > 0 && env['TERCET_BACKEND'] !== 'wasm';
  return { cards: isOnCards ? cards : [], cores: availableParallelism(), memory: availableMemory() };
}

function onCards(asked: number | undefined, cards: readonly string[]): number {
  if (asked !== undefined && asked > cards.length)
    throw new UserError(
      `--parallel ${asked}: a cell takes a card of its own, and ${cards.length === 1 ? 'one is' : `${cards.length} are`} ` +
        'to be seen here; give that number, or none',
    );
  return asked ?? cards.length;
}

function onCores(asked: number | undefined, needs: readonly (number | undefined)[], machine: SharedMachine): number {
  const { cores, memory } = machine;
  const isKnown = needs.every((need) => need !== undefined);
  const largest = Math.max(1, ...needs.map((need) => need ?? 1));
  const room = Math.max(1, Math.floor((share * memory) / largest));
  if (asked !== undefined && asked > room && needs.length > room)
    throw new UserError(
      `--parallel ${asked}: a cell takes up to ${gigabytes(largest)} GB, and of ${gigabytes(memory)} GB free there is room ` +
        `for ${room}; give that number, or none`,
    );
  return asked ?? (isKnown ? Math.min(cores, room) : 1);
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
