import { readdirSync } from 'node:fs';

/** Cards that the driver has. Files only, as in `nvidiaSeen`: some containers show the devices alone. */
export function cardsOfDriver(root = '/'): number {
  const listed = namesIn(`${root}proc/driver/nvidia/gpus`).length;
  return listed || namesIn(`${root}dev`).filter((name) => /^nvidia\d+$/.test(name)).length;
}

/** Cards that a process with this environment sees. */
export function visibleCards(env: NodeJS.ProcessEnv, cards = cardsOfDriver()): number {
  const named = env['CUDA_VISIBLE_DEVICES'];
  return named === undefined ? cards : named.split(',').filter((card) => card.trim() !== '').length;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
