import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../../configs/userError.js';
import { nvidiaSeen } from '../../../setup/folder/engineFolder.mjs';
import { workFolder } from '../setting/setting.js';

const requirements = fileURLToPath(new URL('./python/requirements.txt', import.meta.url));
const cpuIndex = 'https://download.pytorch.org/whl/cpu';

/**
 * An interpreter that has the packages of requirements.txt at their versions: the one given, else one of a virtual
 * environment that is set up in the work folder.
 * @param given  path of an interpreter
 * @throws UserError when it lacks a package or cannot be set up
 */
export async function findPython(given: string | undefined): Promise<string> {
  if (given !== undefined) return checked(given);
  const folder = join(workFolder, 'python');
  const python = join(folder, 'bin/python');
  if (existsSync(python) && missing(python).length === 0) return python;
  await rm(folder, { recursive: true, force: true });
  run('python3', ['-m', 'venv', folder]);
  // Without the CPU index pip would fetch gigabytes of CUDA libraries that no program here can use.
  const index = nvidiaSeen() ? [] : ['--extra-index-url', cpuIndex];
  run(python, ['-m', 'pip', 'install', '--quiet', '--retries', '1', ...index, '-r', requirements]);
  return checked(python);
}

function checked(python: string): string {
  const lacking = missing(python);
  if (lacking.length > 0)
    throw new UserError(`${python} must have ${lacking.join(', ')}; install them, or leave --python out`);
  return python;
}

/** Lines of requirements.txt that an interpreter does not meet; all of them where it does not run. */
function missing(python: string): string[] {
  const wanted = readFileSync(requirements, 'utf8').trim().split('\n');
  const code =
    'import sys, importlib.metadata as m\n' +
    'for line in sys.argv[1:]:\n' +
    '  name, version = line.split("==")\n' +
    '  try: found = m.version(name).split("+")[0]\n' +
    '  except m.PackageNotFoundError: found = None\n' +
    '  if found != version: print(line)\n';
  try {
    const printed = execFileSync(python, ['-c', code, ...wanted], { stdio: ['ignore', 'pipe', 'ignore'] });
    return printed.toString().split('\n').filter(Boolean);
  } catch {
    return wanted;
  }
}

function run(command: string, args: string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0)
    throw new UserError(
      `${command} ${args.join(' ')} failed (${error?.message ?? `exit ${status}`}); mend that, or name an interpreter by --python`,
    );
}
