import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.mjs';
import { checkout, readJson } from './folder/engineFolder.mjs';
import { withLock } from './lock/lock.mjs';
import { say, startPhase } from './messages/screen.mjs';

const folder = join(checkout, '.engine');

/** The Node modules cannot be installed, which stops everything. The message is one line for the user. */
export class ModulesError extends Error {}

/**
 * Install the Node modules when they are missing or differ from package-lock.json.
 * @throws ModulesError when npm fails
 */
export async function ensureModules() {
  if (!missingModule()) return;
  const waiting = (holder) => say(`setup: ${holder} is installing the Node modules; waiting for it`);
  await withLock(join(folder, 'modules.lock'), waiting, async (register) => {
    const missing = missingModule();
    if (missing) await installModules(missing, register);
  });
}

/**
 * The first package that package-lock.json asks for and npm has not installed here, going by the list that npm writes
 * when it has finished. Packages for other systems are left out.
 * @returns a path such as `node_modules/tsx`, or undefined when all is there
 */
export function missingModule(root = checkout) {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages ?? {};
  const installed = readJson(join(root, 'node_modules/.package-lock.json'))?.packages ?? {};
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const there = installed[path];
    if (there ? there.version !== entry.version || there.integrity !== entry.integrity : isNeeded(entry)) return path;
  }
  return undefined;
}

/** Optional packages hold one system's programs each, such as esbuild's: needed where they name this system. */
function isNeeded({ optional, os, cpu, libc }) {
  if (!optional) return true;
  return !libc && Boolean(os?.includes(process.platform) && cpu?.includes(process.arch));
}

/** Without install scripts: those of tfjs-node-gpu and onnxruntime-node download libraries that tercet does not use. */
async function installModules(missing, register) {
  const why = existsSync(join(checkout, 'node_modules')) ? ` (${missing} is missing or changed)` : '';
  const phase = startPhase(`installing the Node modules${why}`);
  const { npm_execpath: npm } = process.env;
  const [program, first] = npm && /npm-cli\.c?js$/.test(npm) ? [process.execPath, [npm]] : ['npm', []];
  const bounded = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
  const args = [...first, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-progress', ...bounded];
  const log = join(folder, 'setup.log');
  const { code, output } = await run(program, args, { cwd: checkout, log, register });
  phase.end(code === 0 ? 'done' : 'failed');
  if (code !== 0)
    throw new ModulesError(
      `npm ci failed: ${reason(output)}; once that is cured, run the command again; all of it is in ${log}`,
    );
}

/** npm's own words: its first line that says more than a code. */
function reason(output) {
  const lines = output.split('\n').filter((line) => /^npm (error|ERR!)/.test(line));
  const words = lines.map((line) => line.replace(/^npm (error|ERR!)\s*/, '').trim());
  return words.find((line) => line && !/^(code|errno|syscall|path|dest)\b/.test(line)) ?? 'npm said nothing';
}
