import { ownWarning } from '../../../configs/cli/holdConsole.js';
import type { Contract } from '../../../configs/contract.js';
import { openExamples, type ExampleFile } from '../../../data/arrow/openExamples.js';
import { requireWholeSets } from '../../../data/files/wholeSet.js';
import { openTokenCache, type TokenCache } from '../../../data/tokenCache/openTokenCache.js';
import { tokenCachePlace } from '../../../data/tokenCache/tokenCachePlace.js';
import { closeInputs } from './inputs.js';

/** The kept tokens of each file. Damaged ones are not used, which is told in `warnings`. */
export async function openCaches(
  files: ExampleFile[],
  identities: string[],
  contract: Contract,
  warnings: string[],
): Promise<(TokenCache | undefined)[]> {
  const caches: (TokenCache | undefined)[] = [];
  try {
    for (const [index, { path }] of files.entries()) {
      const damaged =
        `the kept tokens of ${path} are damaged, so its texts are tokenized as they come; ` +
        '`npm run data -- tokenize` makes them anew';
      const place = tokenCachePlace(identities[index]!, contract);
      const cache = await openTokenCache(place, () => process.emitWarning(damaged, ownWarning)); // met while training goes on
      if (cache === 'damaged') warnings.push(damaged);
      caches.push(cache === 'damaged' ? undefined : cache);
    }
  } catch (error) {
    await closeInputs({ caches });
    throw error;
  }
  return caches;
}

/** Open the training files. @throws UserError when one cannot be read, or a set of files is not whole */
export async function openFiles(paths: string[]): Promise<ExampleFile[]> {
  requireWholeSets(paths);
  const files: ExampleFile[] = [];
  try {
    for (const path of paths) files.push(await openExamples(path));
  } catch (error) {
    await closeInputs({ files });
    throw error;
  }
  return files;
}
