import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Longer than this an installation is given up: 1 GB from a near index takes one minute. */
const INSTALL_SECONDS = 150;

/**
 * Find a Python with the packages of requirements.txt: the one named, or a virtual environment in the temporary folder.
 * That is made once for each version of Python and of the requirements, and found again by later runs.
 * @returns why there is none, where there is none
 */
export function preparePython(named: string | undefined): { python: string } | { skipped: string } {
  if (named !== undefined) return { python: named };
  const version = runText('python3', ['-c', 'import sys, venv, pip; print(sys.version)']);
  if (version.failure !== null) return { skipped: `no Python 3 with venv and pip (${version.failure})` };
  const requirements = requirementsHere();
  const key = createHash('sha256').update(version.output).update(requirements).digest('hex').slice(0, 16);
  const place = join(tmpdir(), `tercet-interop-python-${key}`);
  const python = join(place, 'bin/python');
  if (existsSync(python)) return { python };
  const partial = mkdtempSync(`${place}-`);
  const failure = install(partial, requirements);
  if (failure === null && !existsSync(place)) renameSync(partial, place);
  else rmSync(partial, { recursive: true, force: true });
  return existsSync(python)
    ? { python }
    : {
        skipped: `the packages of test/interop/requirements.txt cannot be had (${failure}); INTEROP_PYTHON names a Python with them`,
      };
}

/** The build of torch without CUDA has a version of its own on Linux alone; there the other brings 3 GB along. */
function requirementsHere(): string {
  const text = readFileSync(new URL('requirements.txt', import.meta.url), 'utf8');
  return process.platform === 'linux' ? text : text.replace('+cpu', '');
}

/** @returns null when done, else why not */
function install(folder: string, requirements: string): string | null {
  const made = runText('python3', ['-m', 'venv', '--without-pip', folder]);
  if (made.failure !== null) return made.failure;
  const file = join(folder, 'requirements.txt');
  writeFileSync(file, requirements);
  const how = ['--no-deps', '--only-binary=:all:', '--no-compile', '--quiet', '--disable-pip-version-check'];
  const pip = ['-m', 'pip', '--python', join(folder, 'bin/python'), 'install', ...how, '--requirement', file];
  return runText('python3', pip).failure;
}

function runText(command: string, args: string[]): { output: string; failure: string | null } {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: INSTALL_SECONDS * 1000,
  });
  if (status === 0) return { output: stdout, failure: null };
  const late = (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
  const last = stderr?.trim().split('\n').at(-1);
  return {
    output: '',
    failure: late ? `not finished after ${INSTALL_SECONDS} s` : last || (error?.message ?? `exit ${status}`),
  };
}
