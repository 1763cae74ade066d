import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { holdPrinting } from './holdPrinting.js';
import { countMemory } from './countMemory.js';
import { shareClones } from './shareClones.js';
import { startWasmThreads } from './startWasmThreads.js';
import { tf } from '../tf.js';
import { threadsWanted } from '../../machine.js';

const mostThreads = 4;

/**
 * Start the backend `wasm`, with a thread for every other logical processor, four at most, as TensorFlow.js does in
 * browsers. More would be slower while anything else runs: an operation waits for the last of them.
 */
export async function startWasm(): Promise<void> {
  await withoutNewListeners(async () => {
    const threads = Math.min(Math.floor(cpus().length / 2), threadsWanted() ?? mostThreads, mostThreads);
    if (threads > 1 && (await startWasmThreads(threads))) return;
    const home = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
    setWasmPaths(join(home, '/'));
    await holdPrinting(async () => void (await tf.setBackend('wasm')));
  });
  tf.enableProdMode();
  shareClones();
  countMemory();
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
