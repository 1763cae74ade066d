/**
 * The byte in which Lucene stores a document's length: exact up to 39, then four significant bits, rounded down.
 * Source: Lucene `SmallFloat.intToByte4`.
 * @param length  0 to 2^31 - 1
 */
export function encodeLength(length: number): number {
  return length < exact ? length : exact + encodeFourBits(length - exact);
}

/** The length that a byte stands for. Source: Lucene `SmallFloat.byte4ToInt`. */
export function decodeLength(byte: number): number {
  return byte < exact ? byte : exact + decodeFourBits(byte - exact);
}

/** Values that are left over in a byte once 2^31 - 1 has its code: 255 - encodeFourBits(2^31 - 1). */
const exact = 24;

function encodeFourBits(value: number): number {
  const bits = 32 - Math.clz32(value);
  if (bits < 4) return value;
  const shift = bits - 4;
  return ((value >>> shift) & 7) | ((shift + 1) << 3);
}

function decodeFourBits(code: number): number {
  const shift = (code >>> 3) - 1;
  return shift < 0 ? code : (8 | (code & 7)) * 2 ** shift;
}
