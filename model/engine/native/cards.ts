import { readdirSync } from 'node:fs';

/** Cards that the driver has. Files only, as in `nvidiaSeen`. */
export function cardsOfDriver(): number {
  try {
    return readdirSync('/proc/driver/nvidia/gpus').length;
  } catch {
    return 0;
  }
}

/** Cards that a process with this environment sees. */
export function visibleCards(env: NodeJS.ProcessEnv, cards = cardsOfDriver()): number {
  const named = env['CUDA_VISIBLE_DEVICES'];
  return named === undefined ? cards : named.split(',').filter((card) => card.trim() !== '').length;
}
