import { cpSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../../../setup/folder/engineFolder.mjs';

/** What a command writes there. */
const left = ['data/cache', 'checkpoints/runs', 'checkpoints/evaluations', 'checkpoints/champions'];

/** Copy what commands are run from, with links to what was installed, so that a test may change configs and leave runs. */
export function copyCheckout(folder: string): void {
  const passedOver = left.map((name) => join(checkout, name));
  const rooms = ['configs', 'data', 'checkpoints', 'model', 'eval', 'train', 'setup'];
  for (const name of [...rooms, 'setup.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'])
    cpSync(join(checkout, name), join(folder, name), { recursive: true, filter: (path) => !passedOver.includes(path) });
  for (const name of ['node_modules', '.engine'])
    if (existsSync(join(checkout, name))) symlinkSync(join(checkout, name), join(folder, name));
}
