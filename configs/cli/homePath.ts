import { realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Holds data/cache and checkpoints. */
export const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Scripts that take paths. Tests and measurements start commands in folders of their own. */
const scripts = new Set([
  'train',
  'eval',
  'encode',
  'compare',
  'export',
  'data',
  'retrain',
  'study',
  'doctor',
  'pretrain-demo',
  'pretrain-demo-vl',
]);

/**
 * Where a user stands who had npm start this command from another folder, by `npm --prefix` or from a folder within the
 * checkout: npm itself goes to the checkout. Undefined where they stand in the checkout, or no npm script of ours runs.
 */
const elsewhere = standingElsewhere(process.env, process.cwd());

/** What lies in the checkout, as seen from where the user stands: data/cache, checkpoints, configs. */
export const homePath = (path: string): string => (elsewhere === undefined ? path : join(checkout, path));

/** Let relative paths of the command line mean what they mean to the user. */
export function goWhereUserStands(): void {
  if (elsewhere === undefined) return;
  const { TERCET_ENGINE: engine } = process.env;
  if (engine) process.env['TERCET_ENGINE'] = resolve(engine); // setup took it from here
  process.chdir(elsewhere);
}

/**
 * @param env     what npm tells: INIT_CWD, where it was started; the package whose script it runs; the script's name
 * @param folder  where this process was started: in the checkout, or by a command that had gone already
 */
export function standingElsewhere(env: NodeJS.ProcessEnv, folder: string): string | undefined {
  const { INIT_CWD: user, npm_package_json: manifest, npm_lifecycle_event: script } = env;
  if (!user || !manifest || !script || !scripts.has(script)) return undefined;
  const places = [dirname(manifest), folder, user].map(realFolder);
  const [packageFolder, here, stood] = places;
  if (packageFolder !== checkout || stood === undefined || stood === checkout) return undefined;
  return here === checkout || here === stood ? user : undefined;
}

function realFolder(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
