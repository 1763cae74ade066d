import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { removeOwnFolder } from '../files/ownFolder.js';
import { cacheFiles, parseTokenCacheFacts, tokenCacheFiles, tokensRoot } from './tokenCachePlace.js';

/**
 * Remove what was kept of a file as it was before it changed.
 * @returns how many caches were removed
 */
export async function removeStaleTokens(file: string, identity: string, root = tokensRoot): Promise<number> {
  let removed = 0;
  for (const name of await readdir(root).catch(() => [])) {
    const text = await readFile(join(root, name, cacheFiles.about), 'utf8').catch(() => undefined);
    const facts = text === undefined ? undefined : parseTokenCacheFacts(text);
    if (facts?.file !== resolve(file) || facts.identity === identity) continue;
    if (await removeOwnFolder(join(root, name), tokenCacheFiles)) removed++;
  }
  return removed;
}
