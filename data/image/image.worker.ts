import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '../../configs/userError.js';
import type { ImageRules, PreparedImage } from './imageRules.js';
import { prepareImage } from './prepareImage.js';

export interface ImageRequest {
  encoded: Uint8Array;
}

export type ImageReply = PreparedImage | { error: string; isUserError: boolean };

// The body of a worker thread; `startImageThreads` starts it and sends one image at a time.
const port = parentPort!;
const rules = workerData as ImageRules;

port.on('message', ({ encoded }: ImageRequest) => {
  prepareImage(encoded, rules).then(
    (image) => port.postMessage(image, [image.patches.buffer as ArrayBuffer]),
    (error: Error) => {
      const isUserError = error instanceof UserError;
      port.postMessage({ error: isUserError ? error.message : error.stack!, isUserError });
    },
  );
});
