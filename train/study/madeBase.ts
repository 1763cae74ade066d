import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MadeBase } from '../../configs/load/loadStudy.js';
import { resolveBase, type NamedBase } from '../../configs/load/resolveBase.js';
import { UserError } from '../../configs/userError.js';
import { homePath } from '../../configs/cli/homePath.js';

/** Where bases lie that studies make. */
const madeRoot = homePath('data/cache/bases');

/**
 * The base that a study makes from another, whether it is there yet or not. Its folder is named by all that it is made
 * from, so that one made otherwise does not take its place.
 * @throws UserError when the base that it is made from is not a folder on this machine
 */
export function madeBase(made: MadeBase): NamedBase {
  const from = folderMadeFrom(made);
  const config = readFileSync(join(from, 'config.json'));
  const weights = readFileSync(join(from, 'model.safetensors'));
  const identity = createHash('sha256').update(JSON.stringify(made)).update(config).update(weights).digest('hex');
  return { name: made.name, recipe: 'study', source: { folder: join(madeRoot, identity.slice(0, 8), made.name) } };
}

/** The folder of the base that one is made from. @throws UserError when it is none, or holds more than one small file */
function folderMadeFrom({ name, from }: MadeBase): string {
  const { source } = resolveBase(from);
  if (!('folder' in source))
    throw new UserError(`made base ${name} must be made from a base in a folder, such as demo; got ${from}`);
  const missing = ['config.json', 'model.safetensors'].find((file) => !existsSync(join(source.folder, file)));
  if (missing) throw new UserError(`made base ${name}: ${source.folder} lacks ${missing}, so nothing is made from it`);
  return source.folder;
}

/** Whether a base that is made is there: its folder appears only when it is complete. */
export const isMade = ({ source }: NamedBase): boolean => 'folder' in source && existsSync(source.folder);

/** What `npm run pretrain-demo` is told to make it. */
export function makingArguments(made: MadeBase): string[] {
  const { source } = madeBase(made);
  const settings = {
    from: folderMadeFrom(made),
    text: made.text,
    updates: made.updates,
    'warmup-steps': made.warmupSteps,
    'learning-rate': made.learningRate,
    seed: made.seed,
    output: (source as { folder: string }).folder,
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
}
