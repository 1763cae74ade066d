import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Jobs } from './jobs.js';

/** Environment of a job; `undefined` takes a variable away. */
export type Settings = Record<string, string | undefined>;

const start = fileURLToPath(new URL('../../../setup/start/start.mjs', import.meta.url));

/**
 * Have a process of its own do one job.
 * @returns its answer, and what it wrote to its error stream
 * @throws Error with the end of that stream when it fails
 */
export async function ask<Name extends keyof Jobs>(
  job: Name,
  asks: Jobs[Name]['asks'],
  settings: Settings,
): Promise<{ answer: Jobs[Name]['gives']; errors: string }> {
  const { code, output, errors } = await runNode(
    [fileURLToPath(new URL('./worker.ts', import.meta.url)), JSON.stringify({ job, asks })],
    settings,
  );
  if (code !== 0) throw new Error(`${job} failed: ${errors.trim().split('\n').slice(-3).join(' ').slice(-600)}`);
  return { answer: JSON.parse(output) as Jobs[Name]['gives'], errors };
}

/** Run a TypeScript file with Node.js. @param folder  to run it in; this one where left out */
export function runNode(
  args: string[],
  settings: Settings,
  folder?: string,
): Promise<{ code: number | null; output: string; errors: string }> {
  const env = { ...process.env, ...settings };
  for (const [name, value] of Object.entries(settings)) if (value === undefined) delete env[name];
  const child = spawn(process.execPath, [start, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(folder !== undefined && { cwd: folder }),
  });
  const text = { output: '', errors: '' };
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text.output += part));
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text.errors += part;
    // What a long job has found so far is to be seen, and to be there when the job is ended.
    for (const line of part.split('\n'))
      if (line.startsWith('progress: ')) console.error(line.slice('progress: '.length));
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...text }));
  });
}
