import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { joinedFile } from './joinedFile.mjs';

const checkout = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Import a TypeScript file of this project, joined to one file with all that it imports: reading hundreds of them through a
 * loader takes seconds of every start. Where that cannot be made or kept, the loader reads them; in Node.js 20 a thread has
 * to register it itself.
 * @param script  relative to the checkout
 */
export async function importJoined(script) {
  const joined = script.startsWith('..') ? undefined : await joinedFile(checkout, script);
  if (joined === undefined) (await import('tsx/esm/api')).register();
  else process.setSourceMapsEnabled(true); // a stack names the files that a person edits
  await import(pathToFileURL(joined ?? join(checkout, script)).href);
}
