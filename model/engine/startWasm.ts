import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { shareClones } from './shareClones.js';
import { startWasmThreads } from './startWasmThreads.js';
import { tf } from './tf.js';

/** Start the backend `wasm`, with threads where half of the logical processors are more than one. */
export async function startWasm(): Promise<void> {
  await withoutNewListeners(async () => {
    if (cpus().length >= 4 && (await startWasmThreads())) return;
    const home = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
    setWasmPaths(join(home, '/'));
    await tf.setBackend('wasm');
  });
  tf.enableProdMode();
  shareClones();
}

/** The module makes Node.js print its whole script, one long line, with every uncaught error; so it loses its listeners. */
async function withoutNewListeners(work: () => Promise<void>): Promise<void> {
  const events = ['uncaughtException', 'unhandledRejection'];
  const before = events.map((event) => process.rawListeners(event));
  await work();
  events.forEach((event, index) => {
    const added = process.rawListeners(event).filter((listener) => !before[index]!.includes(listener));
    for (const listener of added) process.off(event, listener as () => void);
  });
}
