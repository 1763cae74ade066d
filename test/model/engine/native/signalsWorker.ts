/** Prints which signals are blocked in which thread once the engine runs, and whether one that is sent is handled. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { startEngine } from '../../../../model/engine/startEngine.js';

const numbers = [constants.signals.SIGUSR2, constants.signals.SIGTERM];
/** @param status  what /proc tells of a thread */
const blocked = (status: string) => {
  const mask = BigInt(`0x${/^SigBlk:\s*(\w+)/m.exec(status)![1]}`);
  return numbers.map((number) => ((mask >> BigInt(number - 1)) & 1n) === 1n);
};
const ofThread = (thread: number | string) => blocked(readFileSync(`/proc/self/task/${thread}/status`, 'utf8'));

await startEngine();
const handled = new Promise<void>((resolve) => process.once('SIGUSR2', () => resolve()));
const waiting = setTimeout(() => process.exit(1), 10_000); // a listener alone keeps no process
process.kill(process.pid, 'SIGUSR2');
await handled;
clearTimeout(waiting);
const others = readdirSync('/proc/self/task').filter((thread) => Number(thread) !== process.pid);
console.log(
  JSON.stringify({
    main: ofThread(process.pid),
    others: others.map(ofThread),
    child: blocked(execFileSync('cat', ['/proc/self/status'], { encoding: 'utf8' })),
    handled: true,
  }),
);
process.exit(0);
