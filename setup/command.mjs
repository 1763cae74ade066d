import { spawn } from 'node:child_process';
import { accessSync, appendFileSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Run a program to its end without showing what it prints.
 * @param options.register  from `withLock`; a process that outlives this one then still holds the lock
 * @param options.log       file that gets the command line and what is printed, without the lines given to `onLine`
 * @param options.limitMs   after which it is killed
 * @param options.onLine    called with each line of standard output
 * @returns exit code, null where a signal ended it, and everything printed
 */
export function run(program, args, { cwd, env, input, log, register, limitMs, onLine } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      ...{ cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] },
      ...(limitMs !== undefined && { timeout: limitMs, killSignal: 'SIGKILL' }),
    });
    const release = child.pid === undefined ? undefined : register?.(child.pid);
    const stop = () => child.kill('SIGKILL');
    process.on('exit', stop);
    let output = '';
    let logged = '';
    let line = '';
    const keep = (text, isLogged) => {
      output += text;
      if (isLogged) logged += text;
    };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      keep(text, !onLine);
      const lines = (line + text).split('\n');
      line = lines.pop();
      for (const whole of lines) onLine?.(whole);
    });
    child.stderr.setEncoding('utf8').on('data', (text) => keep(text, true));
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
    const end = (code) => {
      process.off('exit', stop);
      release?.();
      if (log) appendLog(log, `${new Date().toISOString()} ${program} ${args.join(' ')}\n${logged}exit ${code}\n\n`);
      resolve({ code, output });
    };
    child.on('error', (error) => {
      keep(`${error.message}\n`, true);
      end(127);
    });
    child.on('close', end);
  });
}

/** The path of a program on PATH, or undefined. */
export function findProgram(...names) {
  for (const name of names)
    for (const folder of name.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter))
      if (isProgram(join(folder, name))) return join(folder, name);
  return undefined;
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The log is a help, not a need: a full disk must not hide the message that says so. */
function appendLog(log, text) {
  try {
    appendFileSync(log, text);
  } catch {}
}
