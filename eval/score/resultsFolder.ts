import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Retriever } from '../measure/ranking.js';
import { homePath } from '../../configs/cli/homePath.js';

/** Where the scores of models without a run are kept. */
export const evaluationsRoot = homePath('checkpoints/evaluations');

/**
 * The folder of a model's scores: its name for people, and a hash of all that the scores depend on, so that none takes
 * the place of another.
 * @param model  as users name it, such as `base:demo`
 */
export function resultsFolder(
  model: string,
  { identity }: Pick<Retriever, 'identity'>,
  root = evaluationsRoot,
): string {
  const name = model.replace(/[^A-Za-z0-9._@-]+/g, '-').replace(/^[-.]+|-+$/g, '');
  return join(root, `${name}-${createHash('sha256').update(identity).digest('hex').slice(0, 8)}`);
}
