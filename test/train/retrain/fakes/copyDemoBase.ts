import { cpSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const demo = fileURLToPath(new URL('../../../../configs/bases/demo', import.meta.url));

/** The demonstration's base in a folder of a test's own, copied unless it is there. @returns the folder */
export function copyDemoBase(folder: string): string {
  if (!existsSync(folder)) cpSync(demo, folder, { recursive: true });
  return folder;
}
