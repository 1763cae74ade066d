import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const start = fileURLToPath(new URL('../setup/start/start.mjs', import.meta.url));

export interface Finished {
  /** Exit code; null when a signal ended the process. */
  code: number | null;
  output: string;
  errors: string;
}

/** Start a command file, such as `train/command.ts`, as npm would, but in a folder of the test's own. */
export function startCommand(file: string, args: string[], folder: string, env: Record<string, string> = {}) {
  const command = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const child = spawn(process.execPath, [start, command, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { child, finished: collect(child) };
}

/** Run a command file to its end. */
export function runCommand(file: string, args: string[], folder: string, env: Record<string, string> = {}) {
  return startCommand(file, args, folder, env).finished;
}

/** What a process says, and how it ends. */
export function collect(child: ChildProcess): Promise<Finished> {
  const text = { output: '', errors: '' };
  child.stdout!.setEncoding('utf8').on('data', (part: string) => (text.output += part));
  child.stderr!.setEncoding('utf8').on('data', (part: string) => (text.errors += part));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...text })));
}
