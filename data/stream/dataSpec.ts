import { existsSync } from 'node:fs';
import { UserError } from '../../configs/userError.js';

/** A training file and how often its rows come in an epoch. */
export interface DataSpec {
  path: string;
  weight: number;
}

/**
 * Read what users write for a training file: its path, or `PATH:WEIGHT`. A file whose name ends like that is meant itself.
 * @throws UserError when the weight is not above 0
 */
export function parseDataSpec(text: string): DataSpec {
  const [, path, number] = /^(.+):(-?[\d.]+)$/.exec(text) ?? [];
  if (path === undefined || existsSync(text)) return { path: text, weight: 1 };
  const weight = Number(number);
  if (weight > 0) return { path, weight };
  throw new UserError(`the weight of a training file must be a number above 0, as in ${path}:2; got ${number}`);
}
