import { createHash } from 'node:crypto';
import type { Adapter } from './adapter.js';

/** SHA-256, hexadecimal, of all of an adapter that changes what a model computes: its scale and every number. */
export function adapterHash({ rank, alpha, matrices }: Adapter): string {
  const hash = createHash('sha256').update(JSON.stringify([rank, alpha]));
  for (const name of [...matrices.keys()].sort()) {
    const { a, b, inSize, outSize } = matrices.get(name)!;
    hash
      .update(JSON.stringify([name, inSize, outSize]))
      .update(a)
      .update(b);
  }
  return hash.digest('hex');
}
