import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a check by Python's libraries needs. */
export interface PythonNeeds {
  /** Of its virtual environment. */
  name: string;
  /** Its requirements.txt: every package, none brings others along. */
  requirements: URL;
  /** Where the user names a Python that has the packages. */
  variable: string;
  /** Longer than this an installation is given up. */
  installSeconds: number;
}

/**
 * Find a Python with the packages of a requirements.txt: the one named, or a virtual environment in the temporary folder.
 * That is made once for each version of Python and of the requirements, and found again by later runs.
 * @returns why there is none, where there is none
 */
export function preparePython(needs: PythonNeeds): { python: string } | { skipped: string } {
  const named = process.env[needs.variable];
  if (named !== undefined) return { python: named };
  const version = runText('python3', ['-c', 'import sys, venv, pip; print(sys.version)'], needs);
  if (version.failure !== null) return { skipped: `no Python 3 with venv and pip (${version.failure})` };
  const requirements = requirementsHere(needs.requirements);
  const key = createHash('sha256').update(version.output).update(requirements).digest('hex').slice(0, 16);
  const place = join(tmpdir(), `tercet-${needs.name}-python-${key}`);
  const python = join(place, 'bin/python');
  if (existsSync(python)) return { python };
  const partial = mkdtempSync(`${place}-`);
  const failure = install(partial, requirements, needs);
  if (failure === null && !existsSync(place)) renameSync(partial, place);
  else rmSync(partial, { recursive: true, force: true });
  return existsSync(python)
    ? { python }
    : {
        skipped: `the packages that ${needs.name} needs cannot be had (${failure}); ${needs.variable} names a Python with them`,
      };
}

/** The build of torch without CUDA has a version of its own on Linux alone; there the other brings 3 GB along. */
function requirementsHere(file: URL): string {
  const text = readFileSync(file, 'utf8');
  return process.platform === 'linux' ? text : text.replace('+cpu', '');
}

/** @returns null when done, else why not */
function install(folder: string, requirements: string, needs: PythonNeeds): string | null {
  const made = runText('python3', ['-m', 'venv', '--without-pip', folder], needs);
  if (made.failure !== null) return made.failure;
  const file = join(folder, 'requirements.txt');
  writeFileSync(file, requirements);
  const how = ['--no-deps', '--only-binary=:all:', '--no-compile', '--quiet', '--disable-pip-version-check'];
  const pip = ['-m', 'pip', '--python', join(folder, 'bin/python'), 'install', ...how, '--requirement', file];
  return runText('python3', pip, needs).failure;
}

function runText(
  command: string,
  args: string[],
  { installSeconds }: PythonNeeds,
): { output: string; failure: string | null } {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: installSeconds * 1000,
  });
  if (status === 0) return { output: stdout, failure: null };
  const late = (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
  const last = stderr?.trim().split('\n').at(-1);
  return {
    output: '',
    failure: late ? `not finished after ${installSeconds} s` : last || (error?.message ?? `exit ${status}`),
  };
}
