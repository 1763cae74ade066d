import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endsWithInput } from '../../configs/cli/endWithInput.js';
import type { CommandSignal } from '../../configs/cli/watchSignals.js';
import { homePath } from '../../configs/cli/homePath.js';

/** How a command ended. */
interface CommandEnd {
  code: number | null;
  /** Why it failed, one line; empty where it did not. */
  reason: string;
  /** What it printed on standard output. */
  output: string;
}

export type Commands = 'train' | 'eval' | 'export' | 'pretrain-demo' | 'study';

/**
 * Runs one of this project's commands; `onLine` is told what it says on standard error.
 * `env` is set beside what this process has in its environment.
 */
export type RunCommand = (
  command: Commands,
  args: readonly string[],
  onLine: (line: string) => void,
  signal: CommandSignal,
  env?: Readonly<Record<string, string>>,
) => Promise<CommandEnd>;

/** Told the number of each process that is started; returns a function for its end. */
export type OnChild = (pid: number) => () => void;

const files: Record<Commands, string> = {
  train: '../command.ts',
  eval: '../../eval/command.ts',
  export: '../../eval/command/export.ts',
  'pretrain-demo': '../command/pretrain.ts',
  study: '../command/study.ts',
};

/**
 * Run a command as a process of its own: what TensorFlow holds goes with it, and if it dies, it dies alone. Signals that
 * this process gets are passed on, so that a training under way saves and ends; it does so too when this process dies,
 * because its standard input ends then.
 */
export const spawnCommand: RunCommand = (...call) => spawnAs(() => () => {}, ...call);

/** As `spawnCommand`, for a caller that keeps a list of its processes. */
export const spawnWith =
  (onChild: OnChild): RunCommand =>
  (...call) =>
    spawnAs(onChild, ...call);

async function spawnAs(onChild: OnChild, ...[command, args, onLine, signal, env]: Parameters<RunCommand>) {
  const script = fileURLToPath(new URL(files[command], import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: homePath('.'), // where the loader of TypeScript is found; it goes on from there as this process did
    env: { ...process.env, ...env, [endsWithInput]: '1' },
  });
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, name) => resolve([code, name]));
  });
  const forget = child.pid === undefined ? () => {} : onChild(child.pid);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (output += piece));
  const stop = signal.onAsked((name) => child.kill(name));
  const said: string[] = [];
  try {
    for await (const line of linesOf(child.stderr)) {
      said.push(line);
      if (said.length > 200) said.shift();
      onLine(line);
    }
    const [code, name] = await ended;
    return { code, reason: code === 0 ? '' : reasonOf(said, code, name), output };
  } finally {
    stop();
    forget();
  }
}

async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string> {
  let rest = '';
  stream.setEncoding('utf8');
  for await (const piece of stream) {
    const lines = (rest + String(piece)).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function reasonOf(said: readonly string[], code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `ended by ${signal}${signal === 'SIGKILL' ? ', as when memory runs out' : ''}`;
  const told = said.filter((line) => /^error: /.test(line)).at(-1) ?? said.find((line) => /Error\b/.test(line));
  return told?.replace(/^error: /, '').trim() ?? `exit code ${code}`;
}
