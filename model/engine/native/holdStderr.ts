import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { addLibraryOutput } from '../../../configs/cli/libraryOutput.js';

const require = createRequire(import.meta.url);
const shortenEveryMs = 10_000;
const retryMs = 5;

/** Compiled from setup/binding/holdStderr.cc. */
interface AddOn {
  hold(): number | undefined;
  written(): string;
  letGo(): void;
  shorten(): void;
}

/**
 * Keep everything that native code writes to standard error from now on, whenever it does, while what Node.js writes
 * there still arrives. It is shown when native code ends the process, when an error is caught by nobody, and with a
 * fault of ours; otherwise only to who asks. To be called once a process.
 * @param addOn  path of the add-on
 * @returns a function that gives what has been written so far
 */
export function holdStderr(addOn: string): () => string {
  const held = require(addOn) as AddOn;
  const ours = process.stderr; // made while descriptor 2 still leads to the screen
  const screen = held.hold();
  if (screen === undefined) return () => '';
  ours.write = writerTo(screen);
  process.on('uncaughtExceptionMonitor', () => held.letGo());
  setInterval(() => held.shorten(), shortenEveryMs).unref();
  addLibraryOutput(() => held.written());
  return () => held.written();
}

/** The object stays, since the console and others have it already; only where it writes to changes. */
function writerTo(descriptor: number): typeof process.stderr.write {
  return (chunk: string | Uint8Array, ...rest: unknown[]) => {
    const encoding = typeof rest[0] === 'string' ? (rest[0] as BufferEncoding) : 'utf8';
    const done = rest.find((value) => typeof value === 'function') as (() => void) | undefined;
    writeAll(descriptor, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
    if (done) process.nextTick(done);
    return true;
  };
}

/** A pipe that is full takes more later; where nobody reads any more, nowhere is left to say so. */
function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let sent = 0; sent < bytes.length;) {
    try {
      sent += writeSync(descriptor, bytes, sent);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
    }
  }
}
