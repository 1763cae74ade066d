import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../../configs/userError.js';
import type { Jobs } from './jobs.js';

/** A process that measures: it does one job at a time and sleeps in between. */
export interface WorkerProcess {
  ask<Name extends keyof Jobs>(job: Name, asks: Jobs[Name]['asks']): Promise<Jobs[Name]['gives']>;
  /** Ends the process. */
  close(): Promise<void>;
}

/** Processors that a process may use: so many from the first on. */
export interface Cores {
  count: number;
  first: number;
}

/** Start a process of tercet. @param cores  that it may use; all where left out */
export function startTercet(cores?: Cores): WorkerProcess {
  const start = fileURLToPath(new URL('../../../setup/start/start.mjs', import.meta.url));
  const node = [process.execPath, start, fileURLToPath(new URL('./worker.ts', import.meta.url))];
  // TensorFlow makes as many threads as it may use processors.
  const command =
    cores === undefined ? node : ['taskset', '--cpu-list', `${cores.first}-${cores.first + cores.count - 1}`, ...node];
  return startWorker('tercet', command);
}

/** Start a process of the other side. @param python  interpreter that has the packages of requirements.txt */
export function startPython(python: string): WorkerProcess {
  return startWorker('python', [python, fileURLToPath(new URL('../against/python/worker.py', import.meta.url))]);
}

/**
 * A process that reads a JSON line for each job and answers with one.
 * @param name  for messages
 */
function startWorker(name: string, [command, ...args]: string[]): WorkerProcess {
  const child = spawn(command!, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const waiting: { resolve(reply: never): void; reject(error: Error): void }[] = [];
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (errors = (errors + part).slice(-4000)));
  const ended = new Promise<void>((resolve) => {
    const end = (reason: string) => {
      for (const { reject } of waiting.splice(0)) reject(new Error(`the ${name} process ${reason}\n${errors}`));
      resolve();
    };
    child.on('error', (error) => end(`cannot start: ${error.message}`));
    child.on('close', (code, signal) => end(`ended with ${signal ?? `exit ${code}`}`));
  });
  child.stdin.on('error', () => {}); // told by 'close'
  createInterface({ input: child.stdout }).on('line', (line) => {
    const reply = JSON.parse(line) as { error?: string; isMistake?: boolean };
    const job = waiting.shift();
    if (reply.error === undefined) job?.resolve(reply as never);
    else job?.reject(reply.isMistake ? new UserError(reply.error) : new Error(`${name}: ${reply.error}`));
  });
  return {
    ask(job, asks) {
      return new Promise((resolve, reject) => {
        if (child.exitCode !== null || child.signalCode !== null)
          return reject(new Error(`the ${name} process has ended\n${errors}`));
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify({ job, ...asks })}\n`);
      });
    },
    async close() {
      child.kill();
      await ended;
    },
  };
}
