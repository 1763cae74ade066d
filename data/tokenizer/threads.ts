import { startThread } from '../../configs/cli/libraryOutput.js';
import type { Contract, TextKind } from '../../configs/contract.js';
import { UserError } from '../../configs/userError.js';
import { loadTokenizer, type Tokenizer } from './tokenizer.js';
import type { ThreadReply, ThreadRequest, ThreadSetup } from './thread.worker.js';

export interface TokenizerThreads {
  /**
   * The ids of each text under the contract, in the order of the texts; `imageMark` stands for each of its images. Calls
   * are begun in their order.
   */
  tokenize(kind: TextKind, texts: readonly TextToTokenize[]): Promise<Int32Array[]>;
  /** End the threads; work that is still under way is rejected. */
  close(): Promise<void>;
}

interface TextToTokenize {
  title?: string;
  text: string;
  /** Of the document, in their order. */
  images?: readonly unknown[];
}

/** Texts of one message: enough that its cost does not show, few enough that all threads end together. */
const BLOCK = 256;
/** Messages that a thread has before it: one at work and one to go on with. */
const AHEAD = 2;

/**
 * Start worker threads that tokenize under a contract, so that the thread that trains does not wait for tokens.
 * @param folder     of the tokenizer
 * @param tokenizer  of that folder, where it is loaded already
 * @throws UserError when the tokenizer cannot be loaded
 */
export async function startTokenizerThreads(
  folder: string,
  contract: Contract,
  threads: number,
  tokenizer?: Pick<Tokenizer, 'tables'>,
): Promise<TokenizerThreads> {
  const { tables } = tokenizer ?? (await loadTokenizer(folder));
  const queue: Block[] = [];
  const started = Array.from({ length: threads }, () => openThread({ tables, folder, contract }, queue));
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
      const blocks: Promise<Int32Array[]>[] = [];
      for (let from = 0; from < texts.length; from += BLOCK)
        blocks.push(
          new Promise((resolve, reject) =>
            queue.push({ kind, texts: texts.slice(from, from + BLOCK), resolve, reject }),
          ),
        );
      for (let round = 0; round < AHEAD; round++) for (const thread of started) thread.next();
      return (await Promise.all(blocks)).flat();
    },
    close,
  };
}

/** Some texts of one call, in the order in which threads take them. */
interface Block {
  kind: TextKind;
  texts: readonly TextToTokenize[];
  resolve(tokens: Int32Array[]): void;
  reject(error: Error): void;
}

/**
 * One worker, the blocks it owes an answer, and the queue that it takes more from.
 * A thread that ended rejects all that waits: the others may be ending too.
 */
function openThread(setup: ThreadSetup, queue: Block[]) {
  const worker = startThread(new URL('./thread.mjs', import.meta.url), setup);
  const waiting = new Map<number, Pick<Block, 'resolve' | 'reject'>>();
  let jobs = 0;
  let ended: Error | undefined;

  const end = (error: Error) => {
    ended ??= error;
    for (const { reject } of [...waiting.values(), ...queue.splice(0)]) reject(ended);
    waiting.clear();
  };
  const next = () => {
    if (ended) return end(ended);
    if (waiting.size >= AHEAD) return;
    const block = queue.shift();
    if (block === undefined) return;
    waiting.set(++jobs, block);
    const { kind, texts } = block;
    const request: ThreadRequest = {
      job: jobs,
      kind,
      texts: texts.map(({ text }) => text),
      titles: kind === 'query' ? [] : texts.map(({ title }) => title),
      images: texts.some(({ images }) => images) ? texts.map(({ images = [] }) => images.length) : [],
    };
    worker.postMessage(request);
  };
  const ready = new Promise((resolve, reject) => waiting.set(0, { resolve, reject }));
  worker.on('message', (reply: ThreadReply) => {
    const job = waiting.get(reply.job);
    waiting.delete(reply.job);
    next();
    if ('error' in reply) job?.reject(restore(reply.error));
    else job?.resolve(split(reply.ids, reply.lengths));
  });
  worker.on('error', (error) => end(error));
  worker.on('exit', (code) => end(new Error(`a tokenizer thread ended with code ${code}`)));

  return {
    ready,
    next,
    async close() {
      end(new Error('the tokenizer threads are closed'));
      await worker.terminate();
    },
  };
}

function split(ids: Int32Array, lengths: Int32Array): Int32Array[] {
  let end = 0;
  return Array.from(lengths, (length) => ids.subarray(end, (end += length)));
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
