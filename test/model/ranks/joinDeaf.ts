/** Waits as a rank waits for others that do not come: in a call that nothing in JavaScript interrupts. */
import { writeSync } from 'node:fs';
import { endWhenAsked } from '../../../configs/cli/endWhenAsked.js';
import { whileJoining } from '../../../model/ranks/whileJoining.js';

endWhenAsked();
await whileJoining(() => {
  writeSync(1, 'waiting');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  return Promise.resolve();
});
process.exit(0);
