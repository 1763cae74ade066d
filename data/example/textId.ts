/**
 * An id for a text that came without one: equal texts have equal ids, different ones different ids (64 bits of two
 * FNV-1a hashes; among ten million texts two are equal once in 300,000 files).
 * @param bytes  hold the text as UTF-8 from `from` to `to`
 */
export function textId(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let [one, other] = [0x811c9dc5, 0x9747b28c];
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    one = Math.imul(one ^ byte, 0x01000193);
    other = Math.imul(other ^ byte ^ (other >>> 15), 0x5bd1e995);
  }
  return `h${hex(mix(one))}${hex(mix(other ^ (to - from)))}`;
}

/** Source: the finalizer of MurmurHash3. */
function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const hex = (hash: number) =>
  BYTES[hash >>> 24]! + BYTES[(hash >>> 16) & 255]! + BYTES[(hash >>> 8) & 255]! + BYTES[hash & 255]!;
