import { readdirSync } from 'node:fs';

/** Cards that the driver has. Files only, as in `nvidiaSeen`. */
export function cardsOfDriver(): number {
  try {
    return readdirSync('/proc/driver/nvidia/gpus').length;
  } catch {
    return 0;
  }
}
