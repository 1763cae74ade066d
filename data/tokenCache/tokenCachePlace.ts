import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Contract } from '../../configs/contract.js';
import { homePath } from '../../configs/cli/homePath.js';

/** Where tokens of training files are kept. */
export const tokensRoot = homePath('data/cache/tokens');

/** What kept tokens are of; the file is known by its content, wherever it lies. */
export interface TokenCachePlace {
  folder: string;
  key: string;
}

/**
 * The folder of a file's tokens under a contract. Only the parts of the contract that decide which ids a text gets
 * count, so that bases with the same tokenizer share it.
 * @param identity  as `fileIdentity` gives it
 */
export function tokenCachePlace(identity: string, contract: Contract, root = tokensRoot): TokenCachePlace {
  const { pooling: _, normalize: _n, precision: _p, float32Products: _f, temperature: _t, ...rules } = contract;
  const sorted = Object.entries(rules).sort(([one], [other]) => (one < other ? -1 : 1));
  const key = createHash('sha256')
    .update(JSON.stringify([FORMAT, identity, sorted]))
    .digest('hex')
    .slice(0, 32);
  return { folder: join(root, key), key };
}

/** Raised when the files of a cache change their form. */
const FORMAT = 1;

/** Names of the files in the folder of a cache. */
export const cacheFiles = { about: 'about.json', rows: 'rows', tokens: 'tokens' } as const;

/** All in the folder of a cache that is complete. */
export const tokenCacheFiles = /^(about\.json|rows|tokens|lock)$/;

/** The file `about.json`, written last: without it a cache is not complete. */
export interface TokenCacheFacts {
  /** For people. */
  file: string;
  identity: string;
  key: string;
  rows: number;
  texts: number;
  tokens: number;
  /** Of the file `tokens`. */
  bytes: number;
}

/** @returns undefined where the file is cut short or holds something else: the cache is then made anew */
export function parseTokenCacheFacts(text: string): TokenCacheFacts | undefined {
  try {
    const facts = JSON.parse(text) as TokenCacheFacts | null;
    return typeof facts === 'object' && facts !== null ? facts : undefined;
  } catch {
    return undefined;
  }
}
