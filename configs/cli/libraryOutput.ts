import { Worker } from 'node:worker_threads';

/** Characters of what JavaScript libraries say that are kept: the last ones. */
const keptCharacters = 1 << 16;
/** Lines shown with a fault. */
const lastLines = 20;

let kept = '';
const sources: (() => string)[] = [() => kept];

/** Keep what a library would have put on the screen by itself. */
export function keepLibraryOutput(text: string): void {
  kept = (kept + (text.endsWith('\n') ? text : `${text}\n`)).slice(-keptCharacters);
}

/** What was kept by `keepLibraryOutput` so far. */
export const keptOutput = (): string => kept;

/** Start a thread whose output is kept. @param workerData  what it is told, copied */
export function startThread(script: URL, workerData: unknown): Worker {
  // Without the flags of this process: `--import tsx` is looked for in the working folder, which may be another by now.
  const worker = new Worker(script, { workerData, execArgv: [], ...heldStreams });
  keepThreadOutput(worker);
  return worker;
}

/** Threads that are not started by `startThread` are started with these. */
export const heldStreams = { stdout: true, stderr: true } as const;

/** Keep what a thread puts on the screen: what runs there are libraries, and code of ours that says nothing. */
function keepThreadOutput({ stdout, stderr }: Worker): void {
  for (const stream of [stdout, stderr]) stream.setEncoding('utf8').on('data', keepLibraryOutput);
}

/** Let what `written` gives count as output of libraries too. */
export function addLibraryOutput(written: () => string): void {
  sources.push(written);
}

/** All that libraries would have put on the screen by themselves so far; empty where they were quiet. */
export const libraryOutput = (): string =>
  sources
    .map((source) => source().trimEnd())
    .filter((text) => text !== '')
    .join('\n');

/** What stands below the stack of a fault that ends a command; empty where libraries were quiet. */
export function libraryNote(): string {
  const lines = libraryOutput().split('\n').slice(-lastLines).join('\n');
  return lines && `libraries wrote:\n${lines}`;
}
