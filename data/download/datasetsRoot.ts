import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../configs/userError.js';

/** Where data sets lie unless a user says otherwise: in this checkout, by the shorter path where it is the working folder. */
export function datasetsRoot(): string {
  const cache = fileURLToPath(new URL('../cache', import.meta.url));
  return process.cwd() === dirname(dirname(cache)) ? relative('', cache) : cache;
}

/** The server that stands for all others. @throws UserError when TERCET_MIRROR is no address */
export function datasetsMirror(): string | undefined {
  const mirror = process.env['TERCET_MIRROR']?.trim() || undefined;
  if (mirror !== undefined && !/^https?:\/\/[^/]/.test(mirror))
    throw new UserError(`TERCET_MIRROR must be an address as https://mirror.example/path; got ${mirror}`);
  return mirror;
}
