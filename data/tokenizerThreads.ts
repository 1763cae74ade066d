import { Worker } from 'node:worker_threads';
import type { Contract, TextKind } from '../configs/contract.js';
import { UserError } from '../configs/userError.js';
import type { ThreadReply, ThreadRequest, ThreadSetup } from './tokenizerThread.worker.js';

export interface TokenizerThreads {
  /** The ids of each text under the contract, in the order of the texts. Calls are answered in their order. */
  tokenize(kind: TextKind, texts: { title?: string; text: string }[]): Promise<Int32Array[]>;
  /** End the threads; work that is still under way is rejected. */
  close(): Promise<void>;
}

/**
 * Start worker threads that tokenize under a contract, so that the thread that trains does not wait for tokens.
 * @param folder  of the tokenizer; each thread loads its own copy
 * @throws UserError when the tokenizer cannot be loaded
 */
export async function startTokenizerThreads(
  folder: string,
  contract: Contract,
  threads: number,
): Promise<TokenizerThreads> {
  const started = Array.from({ length: threads }, () => startThread({ folder, contract }));
  const close = async () => {
    await Promise.all(started.map((thread) => thread.close()));
  };
  try {
    await Promise.all(started.map((thread) => thread.ready));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async tokenize(kind, texts) {
      const share = Math.ceil(texts.length / threads);
      const parts = started.map((_, index) => texts.slice(index * share, (index + 1) * share));
      const tokens = parts.map((part, index) => (part.length > 0 ? started[index]!.tokenize(kind, part) : []));
      return (await Promise.all(tokens)).flat();
    },
    close,
  };
}

interface Waiting {
  resolve(tokens: Int32Array[]): void;
  reject(error: Error): void;
}

/** One worker and the jobs it owes an answer. */
function startThread(setup: ThreadSetup) {
  const worker = new Worker(new URL('./tokenizerThread.mjs', import.meta.url), { workerData: setup });
  const waiting = new Map<number, Waiting>();
  let jobs = 0;
  let ended: Error | undefined;

  const wait = (job: number) =>
    new Promise<Int32Array[]>((resolve, reject) => {
      if (ended) reject(ended);
      else waiting.set(job, { resolve, reject });
    });
  const end = (error: Error) => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  worker.on('message', (reply: ThreadReply) => {
    const job = waiting.get(reply.job);
    waiting.delete(reply.job);
    if ('error' in reply) job?.reject(restore(reply.error));
    else job?.resolve(split(reply.ids, reply.lengths));
  });
  worker.on('error', (error) => end(error as Error));
  worker.on('exit', (code) => end(new Error(`a tokenizer thread ended with code ${code}`)));

  return {
    ready: wait(jobs),
    tokenize(kind: TextKind, texts: { title?: string; text: string }[]) {
      const answer = wait(++jobs);
      if (!ended) worker.postMessage({ job: jobs, kind, texts } satisfies ThreadRequest);
      return answer;
    },
    async close() {
      end(new Error('the tokenizer threads are closed'));
      await worker.terminate();
    },
  };
}

function split(ids: Int32Array, lengths: number[]): Int32Array[] {
  let end = 0;
  return lengths.map((length) => ids.subarray(end, (end += length)));
}

/** An error loses its class on its way between threads. */
function restore({
  isUserError,
  message,
  stack,
}: {
  isUserError: boolean;
  message: string;
  stack: string | undefined;
}) {
  const error = isUserError ? new UserError(message) : new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
