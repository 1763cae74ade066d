import { parentPort, workerData } from 'node:worker_threads';
import type { Contract, TextKind } from '../../configs/contract.js';
import { UserError } from '../../configs/userError.js';
import { loadTokenizer } from './tokenizer.js';
import { byteLevelEncoder } from './byteLevel.js';
import { contractEncoder } from './contractEncoder.js';
import type { TokenizerTables } from './tables.js';
import { tokenizeText } from './tokenizeText.js';

/** What one tokenizer thread is started with. */
export interface ThreadSetup {
  /** Shared memory; null where the thread must load the tokenizer of `folder` itself. */
  tables: TokenizerTables | null;
  folder: string;
  contract: Contract;
}

/** Texts and, for passages that have one, titles: two lists are copied faster than as many objects. */
export interface ThreadRequest {
  job: number;
  kind: TextKind;
  texts: string[];
  titles: (string | undefined)[];
  /** Images of each text; empty where none has any. */
  images: number[];
}

/** Job 0 is the loading of the tokenizer. All texts come back in one buffer: one transfer is cheaper than hundreds. */
export type ThreadReply =
  | { job: number; ids: Int32Array; lengths: Int32Array }
  | { job: number; error: { isUserError: boolean; message: string; stack: string | undefined } };

// The body of a worker thread; `startTokenizerThreads` starts it.
const port = parentPort!;
const { tables, folder, contract } = workerData as ThreadSetup;

const loaded = tables ? Promise.resolve(byteLevelEncoder(tables)) : loadTokenizer(folder);
const plain = await loaded.catch((error: Error) => {
  port.postMessage(failure(0, error));
  return null;
});
if (plain !== null) {
  const encoder = contractEncoder(plain, contract);
  port.on('message', ({ job, kind, texts, titles, images }: ThreadRequest) => {
    try {
      const tokens = texts.map((text, index) =>
        tokenizeText(encoder, contract, kind, text, titles[index], images[index]),
      );
      const lengths = Int32Array.from(tokens, ({ length }) => length);
      const ids = new Int32Array(lengths.reduce((sum, length) => sum + length, 0));
      let filled = 0;
      for (const one of tokens) {
        ids.set(one, filled);
        filled += one.length;
      }
      const reply: ThreadReply = { job, ids, lengths };
      port.postMessage(reply, [ids.buffer, lengths.buffer]);
    } catch (error) {
      port.postMessage(failure(job, error as Error));
    }
  });
  port.postMessage({ job: 0, ids: new Int32Array(0), lengths: new Int32Array(0) } satisfies ThreadReply);
}

function failure(job: number, error: Error): ThreadReply {
  return { job, error: { isUserError: error instanceof UserError, message: error.message, stack: error.stack } };
}
