import { createHash } from 'node:crypto';
import type { Example } from '../../../data/example/example.js';
import { foldText } from '../../../data/example/foldText.js';

/**
 * What makes two training rows the same: the query and its positives, with case, punctuation and blanks levelled. 64 bits
 * of a SHA-256, never 0: among a hundred million rows two different ones are equal once in 3,700 sets.
 */
export function rowKey({ query, positives }: Example): bigint {
  const texts = positives.map(({ title, text }) => foldText(`${title} ${text}`)).sort();
  const key = createHash('sha256')
    .update(JSON.stringify([foldText(query), ...texts]))
    .digest()
    .readBigUInt64LE();
  return key === 0n ? 1n : key;
}

/** A set of keys for rows by the hundred million: 16 bytes or so a row. */
export interface RowKeys {
  /** @returns false when it was there already */
  add(key: bigint): boolean;
}

/** Open addressing with linear probing; half of the places stay free. */
export function rowKeys(): RowKeys {
  let places = new BigUint64Array(2048);
  let used = 0;
  const put = (into: BigUint64Array, key: bigint): boolean => {
    let at = Number(key % BigInt(into.length));
    while (into[at] !== 0n) {
      if (into[at] === key) return false;
      at = at + 1 === into.length ? 0 : at + 1;
    }
    into[at] = key;
    return true;
  };
  return {
    add(key) {
      if (!put(places, key)) return false;
      used++;
      if (2 * used > places.length) {
        const larger = new BigUint64Array(2 * places.length);
        for (const one of places) if (one !== 0n) put(larger, one);
        places = larger;
      }
      return true;
    },
  };
}
