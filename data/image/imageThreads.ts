import { startThread } from '../../configs/cli/libraryOutput.js';
import { UserError } from '../../configs/userError.js';
import type { ImageRules, PreparedImage } from './imageRules.js';
import type { ImageReply, ImageRequest } from './image.worker.js';
import { alone, type ImageSource } from './imageSource.js';

/** Reads images in threads of their own: decoding and resizing one takes as long as the model takes for a few tokens. */
export interface ImageThreads {
  /** @throws UserError naming the image that cannot be used, why, and what to do */
  prepare(image: Pick<ImageSource, 'name' | 'read'>): Promise<PreparedImage>;
  /** End the threads; work that is still under way is rejected. */
  close(): Promise<void>;
}

interface Job {
  image: Pick<ImageSource, 'name' | 'read'>;
  resolve(image: PreparedImage): void;
  reject(error: Error): void;
}

/** Start threads that read images by the same rules; each has one image in memory. */
export function startImageThreads(rules: ImageRules, threads: number): ImageThreads {
  const queue: Job[] = [];
  const started = Array.from({ length: threads }, () => openThread(rules, queue));
  return {
    prepare: (image) =>
      new Promise((resolve, reject) => {
        queue.push({ image, resolve, reject });
        for (const thread of started) thread.next();
      }),
    async close() {
      await Promise.all(started.map((thread) => thread.close()));
    },
  };
}

/** A thread that ended rejects all that waits: the others may be ending too. */
function openThread(rules: ImageRules, queue: Job[]) {
  const worker = startThread(new URL('./thread.mjs', import.meta.url), rules);
  let current: Job | undefined;
  let ended: Error | undefined;
  const end = (error: Error) => {
    ended ??= error;
    for (const { reject } of [...(current ? [current] : []), ...queue.splice(0)]) reject(ended);
    current = undefined;
  };
  const next = () => {
    if (ended) return end(ended);
    if (current) return;
    current = queue.shift();
    if (!current) return;
    const begun = current;
    begun.image
      .read()
      .then((encoded) => worker.postMessage({ encoded: alone(encoded) } satisfies ImageRequest))
      .catch((error: Error) => {
        if (current === begun) done()?.reject(error);
      });
  };
  const done = () => {
    const ended = current;
    current = undefined;
    next();
    return ended;
  };
  worker.on('message', (reply: ImageReply) => {
    const ended = done();
    if (!('error' in reply)) return ended?.resolve(reply);
    const text = `${ended?.image.name} ${reply.error}`;
    ended?.reject(reply.isUserError ? new UserError(text) : new Error(text));
  });
  worker.on('error', (error) => end(error));
  worker.on('exit', (code) => end(new Error(`a thread that reads images ended with code ${code}`)));
  return {
    next,
    async close() {
      end(new Error('the threads that read images are closed'));
      await worker.terminate();
    },
  };
}
