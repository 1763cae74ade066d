import { parentPort, workerData } from 'node:worker_threads';
import type { Contract, TextKind } from '../configs/contract.js';
import { UserError } from '../configs/userError.js';
import { loadTokenizer } from './tokenizer.js';
import { tokenizeText } from './tokenizeText.js';

/** What one tokenizer thread is started with. */
export interface ThreadSetup {
  folder: string;
  contract: Contract;
}

export interface ThreadRequest {
  job: number;
  kind: TextKind;
  texts: { title?: string; text: string }[];
}

/** Job 0 is the loading of the tokenizer. All texts come back in one buffer: one transfer is cheaper than hundreds. */
export type ThreadReply =
  | { job: number; ids: Int32Array; lengths: number[] }
  | { job: number; error: { isUserError: boolean; message: string; stack: string | undefined } };

// The body of a worker thread; `startTokenizerThreads` starts it.
const port = parentPort!;
const { folder, contract } = workerData as ThreadSetup;

const tokenizer = await loadTokenizer(folder).catch((error: Error) => {
  port.postMessage(failure(0, error));
  return null;
});
if (tokenizer !== null) {
  port.on('message', ({ job, kind, texts }: ThreadRequest) => {
    try {
      const tokens = texts.map(({ text, title }) => tokenizeText(tokenizer, contract, kind, text, title));
      const ids = new Int32Array(tokens.reduce((sum, { length }) => sum + length, 0));
      let filled = 0;
      for (const one of tokens) {
        ids.set(one, filled);
        filled += one.length;
      }
      const reply: ThreadReply = { job, ids, lengths: tokens.map(({ length }) => length) };
      port.postMessage(reply, [ids.buffer]);
    } catch (error) {
      port.postMessage(failure(job, error as Error));
    }
  });
  port.postMessage({ job: 0, ids: new Int32Array(0), lengths: [] } satisfies ThreadReply);
}

function failure(job: number, error: Error): ThreadReply {
  return { job, error: { isUserError: error instanceof UserError, message: error.message, stack: error.stack } };
}
