import { startThread } from '../../../configs/cli/libraryOutput.js';
import { buffersOf, type ExampleColumns } from '../../arrow/exampleColumns.js';
import type { ArrowThreadReply, ArrowThreadRequest, ArrowThreadSetup } from './arrowThread.worker.js';

/** Compresses and writes an Arrow file of training examples in a thread of its own. */
export interface ArrowThread {
  /** Hand over rows; waits while too many are under way. The columns are gone afterwards. */
  write(columns: ExampleColumns): Promise<void>;
  /** Put all that was handed over on the disk. @returns the length of the file */
  sync(): Promise<number>;
  /** End the file. @param metadata  of its schema */
  finish(metadata: Record<string, string>): Promise<void>;
  /** End the thread; the file stays as it is. */
  close(): Promise<void>;
}

/** Batches under way: enough that neither thread waits for the other, few enough for memory. */
const MOST_UNDER_WAY = 3;

/**
 * Start the thread.
 * @param length      of the file that it goes on with, 0 for a new one
 * @param withImages  whether queries and passages may have images
 * @throws what the system says when the file cannot be written, here or from what is returned
 */
export async function startArrowThread(path: string, length: number, withImages: boolean): Promise<ArrowThread> {
  const setup: ArrowThreadSetup = { path, length, withImages };
  const worker = startThread(new URL('./arrowThread.mjs', import.meta.url), setup);
  const waiting: { resolve(length: number): void; reject(error: Error): void }[] = [];
  let underWay: Promise<number>[] = [];
  let ended: Error | undefined;
  const end = (error: Error) => {
    ended ??= error;
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  worker.on('message', (reply: ArrowThreadReply) => {
    if ('error' in reply) end(Object.assign(new Error(reply.error.message), reply.error));
    else waiting.shift()?.resolve(reply.length);
  });
  worker.on('error', end);
  worker.on('exit', (code) => end(new Error(`the writing thread ended with code ${code}`)));

  const answer = () =>
    new Promise<number>((resolve, reject) => {
      if (ended !== undefined) reject(ended);
      else waiting.push({ resolve, reject });
    });
  const ask = (request: ArrowThreadRequest, buffers: ArrayBuffer[] = []) => {
    const reply = answer();
    reply.catch(() => {}); // whoever waits for it, now or later, is told
    if (ended === undefined) worker.postMessage(request, buffers);
    return reply;
  };
  const close = async () => {
    end(new Error('the writing thread is closed'));
    await worker.terminate();
  };
  try {
    await answer();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async write(columns) {
      underWay.push(ask({ columns }, buffersOf(columns)));
      if (underWay.length >= MOST_UNDER_WAY) await underWay.shift();
    },
    async sync() {
      underWay = [];
      return ask('sync');
    },
    async finish(metadata) {
      await ask({ metadata });
    },
    close,
  };
}
