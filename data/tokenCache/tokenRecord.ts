/** Words before the lengths: the checksum, then how many texts there are. */
const HEAD = 2;

/** The tokens of a row's texts as one record: checksum, number of texts, their lengths, their ids, 32 bits each. */
export function packRecord(texts: readonly Int32Array[]): Int32Array {
  const ids = texts.reduce((sum, { length }) => sum + length, 0);
  const record = new Int32Array(HEAD + texts.length + ids);
  record[1] = texts.length;
  let filled = HEAD + texts.length;
  texts.forEach((text, index) => {
    record[HEAD + index] = text.length;
    record.set(text, filled);
    filled += text.length;
  });
  record[0] = checksum(record);
  return record;
}

/** @returns the texts' tokens, undefined when the record is not as it was packed */
export function unpackRecord(record: Int32Array): Int32Array[] | undefined {
  const count = record[1] ?? -1;
  if (count < 0 || HEAD + count > record.length || checksum(record) !== record[0]) return undefined;
  let end = HEAD + count;
  return Array.from(record.subarray(HEAD, HEAD + count), (length) => record.subarray(end, (end += length)));
}

/** Source: 32-bit FNV-1a over words instead of bytes, finished with the mixer of MurmurHash3. */
function checksum(record: Int32Array): number {
  let hash = 0x811c9dc5 ^ record.length;
  for (let at = 1; at < record.length; at++) {
    hash = Math.imul(hash ^ record[at]!, 0x01000193);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
