import { Worker } from 'node:worker_threads';
import { endDeaf } from '../../configs/cli/endWhenAsked.js';
import { stopSignals } from '../../configs/stopSignals.js';
import { launcherOf } from './launchedPlace.js';

/** Runs in a thread of its own, since the main one waits in native code. */
const endWithoutParent = `
const { workerData: parent } = require('node:worker_threads');
setInterval(() => process.ppid !== parent && process.kill(process.pid, 'SIGKILL'), 500);`;

/**
 * Do work in which this process waits for others to join, in native code, where nothing in JavaScript is called: a signal
 * that asks it to end does so at once, and so does the end of the command that launched it. Nothing has begun that could
 * be lost.
 */
export async function whileJoining<T>(work: () => Promise<T>): Promise<T> {
  const listening = stopSignals.map((signal) => [signal, process.listeners(signal)] as const);
  endDeaf();
  const launcher = launcherOf(process.env);
  const watch = launcher === undefined ? undefined : new Worker(endWithoutParent, { eval: true, workerData: launcher });
  if (watch) await new Promise((resolve) => watch.once('online', resolve));
  try {
    return await work();
  } finally {
    await watch?.terminate();
    for (const [signal, listeners] of listening) for (const listener of listeners) process.on(signal, listener);
  }
}
