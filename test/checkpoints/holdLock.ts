import { lockRun } from '../../checkpoints/run/lock.js';

// Locks the run folder it is given and stays: runLock.test.ts kills it.
lockRun(process.argv[2]!);
process.stdout.write('locked\n');
setInterval(() => {}, 1000);
