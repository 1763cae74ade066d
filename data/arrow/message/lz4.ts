/**
 * What LZ4 frames hold. Written here because the libraries at hand take as much memory as a damaged frame asks for.
 * Source: "LZ4 Frame Format Description" 1.6 and "LZ4 Block Format Description". Checksums are not verified.
 * @param length  of what they hold; no more memory is taken, whatever the frames say
 * @throws when they are damaged or hold something longer or shorter
 */
export function decompressLz4(bytes: Uint8Array, length: number): Uint8Array {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const output = Buffer.allocUnsafeSlow(length);
  let [at, filled] = [0, 0];
  while (at < input.length) {
    const { headerEnd, hasBlockChecksum, hasContentChecksum } = readHeader(input, at);
    at = headerEnd;
    for (;;) {
      const size = input.readUInt32LE(at);
      at += 4;
      if (size === END_MARK) break;
      const end = at + (size & ~UNCOMPRESSED);
      if (end > input.length) throw new Error('LZ4 block is cut short');
      filled =
        (size & UNCOMPRESSED) === 0 ? expand(input, at, end, output, filled) : copy(input, at, end, output, filled);
      at = end + (hasBlockChecksum ? 4 : 0);
    }
    if (hasContentChecksum) at += 4;
  }
  if (filled !== length) throw new Error(`LZ4 frame of ${filled} bytes, ${length} were expected`);
  return output;
}

/** As `decompressLz4`, for one block without a frame, as Parquet has them. */
export function decompressLz4Block(bytes: Uint8Array, length: number): Uint8Array {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const output = Buffer.allocUnsafeSlow(length);
  const filled = expand(input, 0, input.length, output, 0);
  if (filled !== length) throw new Error(`LZ4 block of ${filled} bytes, ${length} were expected`);
  return output;
}

const MAGIC = 0x184d2204;
const END_MARK = 0;
const UNCOMPRESSED = 0x80000000;

function readHeader(input: Buffer, at: number) {
  if (input.readUInt32LE(at) !== MAGIC) throw new Error('no LZ4 frame');
  const flags = input.readUInt8(at + 4);
  if (flags >> 6 !== 1) throw new Error('unknown version of LZ4 frames');
  const [hasSize, hasDictionary] = [(flags & 8) !== 0, (flags & 1) !== 0];
  if (hasDictionary) throw new Error('LZ4 frame with a dictionary');
  const headerEnd = at + 6 + (hasSize ? 8 : 0) + 1;
  return { headerEnd, hasBlockChecksum: (flags & 16) !== 0, hasContentChecksum: (flags & 4) !== 0 };
}

function copy(input: Buffer, from: number, to: number, output: Buffer, filled: number): number {
  if (filled + to - from > output.length) throw new Error('LZ4 block is longer than expected');
  return filled + input.copy(output, filled, from, to);
}

/** One block: literals, then a repetition of what was written, in turns; the last turn has literals alone. */
function expand(input: Buffer, from: number, to: number, output: Buffer, start: number): number {
  let [at, filled] = [from, start];
  const length = (nibble: number) => {
    let sum = nibble;
    if (nibble === 15)
      for (let more = 255; more === 255;) {
        if (at >= to) throw new Error('LZ4 block is damaged');
        more = input[at++]!;
        sum += more;
      }
    return sum;
  };
  while (at < to) {
    const token = input[at++]!;
    const literals = length(token >> 4);
    if (at + literals > to) throw new Error('LZ4 block is damaged');
    filled = copy(input, at, at + literals, output, filled);
    at += literals;
    if (at === to) break;
    const distance = input[at]! | (input[at + 1]! << 8);
    at += 2;
    const repeated = length(token & 15) + 4;
    if (distance === 0 || distance > filled || filled + repeated > output.length)
      throw new Error('LZ4 block is damaged');
    // Source and target may overlap: a byte that was just written can be repeated.
    if (distance >= repeated) output.copyWithin(filled, filled - distance, filled - distance + repeated);
    else for (let step = 0; step < repeated; step++) output[filled + step] = output[filled + step - distance]!;
    filled += repeated;
  }
  return filled;
}
