import { seededRandom } from '../../data/random.js';
import type { ValidFile } from './validFiles.js';

/** One of the files, changed in one to six ways. The same seed gives the same change. */
export function damage(files: ValidFile[], seed: number): { file: ValidFile; bytes: Buffer } {
  const random = seededRandom('damage', seed);
  const below = (most: number) => Math.floor(random() * most);
  const pick = <T>(from: readonly T[]) => from[below(from.length)]!;
  const file = pick(files);
  let bytes = Buffer.from(file.bytes);
  for (let left = 1 + below(6); left > 0 && bytes.length > 0; left--) {
    const at = below(bytes.length);
    const to = Math.min(bytes.length, at + 1 + below(random() < 0.5 ? 16 : bytes.length));
    switch (below(8)) {
      case 0:
        bytes[at] = below(256);
        break;
      case 1:
        bytes[at]! ^= 1 << below(8);
        break;
      case 2:
        bytes = bytes.subarray(0, at);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at), pick(TOKENS), bytes.subarray(at)]);
        break;
      case 6: {
        // Lengths and offsets lie on multiples of four.
        const place = at & ~3;
        if (place + 8 <= bytes.length) pick([writeSmall, writeLarge])(bytes, place, pick(NUMBERS));
        break;
      }
      default: {
        const other = pick(files).bytes;
        const from = below(other.length);
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + 1 + below(64)), bytes.subarray(at)]);
      }
    }
  }
  return { file, bytes };
}

const NUMBERS = [0, 1, -1, 7, 8, 255, 65535, 2 ** 24, 2 ** 31 - 1, -(2 ** 31), 2 ** 30, 1000];
const TOKENS = ['\0', '\n', '\r\n', '\t', '"', '\\ud800', '[', '{', '\ufeff', '1e999', '\xff', 'null,'].map((text) =>
  Buffer.from(text, 'latin1'),
);

const writeSmall = (bytes: Buffer, at: number, value: number) => void bytes.writeInt32LE(value, at);
const writeLarge = (bytes: Buffer, at: number, value: number) =>
  void bytes.writeBigInt64LE(BigInt(value) * 2n ** 20n, at);
