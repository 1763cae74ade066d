import { float16ToFloat32 } from '../../../checkpoints/tensors/numberFormats.js';

/** What a GGUF file says of itself, and where its tensors lie. */
export interface Gguf {
  metadata: Map<string, GgufValue>;
  /** By the names the file has for them; the shape with rows first, as everywhere here. */
  tensors: Map<string, { shape: number[]; numbers: () => Float32Array }>;
}

export type GgufValue = number | boolean | string | GgufValue[];

/**
 * Read a GGUF file whose tensors are float32 or quantized as Q4_1 or Q8_0.
 * Source: ggml, docs/gguf.md, and the blocks `block_q4_1` and `block_q8_0` of its ggml-common.h.
 * @throws when it is no such file, or holds a kind of numbers that is not read here
 */
export function readGguf(bytes: Uint8Array): Gguf {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const whole = (size: 1 | 2 | 4 | 8): number => {
    at += size;
    if (size === 1) return view.getUint8(at - 1);
    if (size === 2) return view.getUint16(at - 2, true);
    return size === 4 ? view.getUint32(at - 4, true) : Number(view.getBigUint64(at - 8, true));
  };
  const text = (): string => {
    const length = whole(8);
    at += length;
    return new TextDecoder().decode(bytes.subarray(at - length, at));
  };
  const value = (kind: number): GgufValue => {
    if (kind === 8) return text();
    if (kind === 7) return whole(1) === 1;
    if (kind === 9) {
      const of = whole(4);
      return Array.from({ length: whole(8) }, () => value(of));
    }
    if (kind === 6) return view.getFloat32((at += 4) - 4, true);
    const size = { 0: 1, 2: 2, 4: 4, 5: 4, 10: 8 }[kind];
    if (size === undefined) throw new Error(`a GGUF value of kind ${kind}, which is not read here`);
    const number = whole(size as 1 | 2 | 4 | 8);
    return kind === 5 ? number | 0 : number;
  };

  if (whole(4) !== magic) throw new Error('no GGUF file: it does not begin with GGUF');
  if (whole(4) < 2) throw new Error('a GGUF file of version 1, whose counts have 4 bytes; only later ones are read');
  const [tensorCount, valueCount] = [whole(8), whole(8)];
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < valueCount; index++) metadata.set(text(), value(whole(4)));
  const infos = Array.from({ length: tensorCount }, () => {
    const name = text();
    const shape = Array.from({ length: whole(4) }, () => whole(8)).reverse();
    return { name, shape, kind: whole(4), offset: whole(8) };
  });
  const alignment = (metadata.get('general.alignment') ?? 32) as number;
  const first = Math.ceil(at / alignment) * alignment;
  const tensors: Gguf['tensors'] = new Map(
    infos.map(({ name, shape, kind, offset }) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const block = blocks[kind];
      if (!block) throw new Error(`tensor ${name} of kind ${kind}; only float32, Q4_1 and Q8_0 are read`);
      const size = (count / block.numbers) * block.bytes;
      return [
        name,
        { shape, numbers: () => block.read(new Uint8Array(bytes.subarray(first + offset, first + offset + size))) },
      ];
    }),
  );
  return { metadata, tensors };
}

/** The bytes `GGUF` as a number. */
const magic = 0x46554747;

/** Kinds of numbers by the code that a file has for them. */
const blocks: Record<number, { numbers: number; bytes: number; read: (bytes: Uint8Array) => Float32Array }> = {
  0: { numbers: 1, bytes: 4, read: (bytes) => new Float32Array(bytes.buffer) },
  3: { numbers: 32, bytes: 20, read: readQ4 },
  8: { numbers: 32, bytes: 34, read: readQ8 },
};

/** 32 numbers a block: scale and least value in float16, then 4 bits each; a byte holds numbers i and i + 16, the first one low. */
export function readQ4(bytes: Uint8Array): Float32Array {
  const halves = float16ToFloat32(new Uint16Array(bytes.buffer)); // some of which are no such numbers
  const numbers = new Float32Array((bytes.length / 20) * 32);
  for (let block = 0; block * 20 < bytes.length; block++) {
    const [scale, least] = [halves[block * 10]!, halves[block * 10 + 1]!];
    for (let index = 0; index < 16; index++) {
      const two = bytes[block * 20 + 4 + index]!;
      numbers[block * 32 + index] = Math.fround((two & 15) * scale) + least;
      numbers[block * 32 + 16 + index] = Math.fround((two >> 4) * scale) + least;
    }
  }
  return numbers;
}

/** 32 numbers a block: a scale in float16, then a signed byte each. */
export function readQ8(bytes: Uint8Array): Float32Array {
  const halves = float16ToFloat32(new Uint16Array(bytes.buffer));
  const numbers = new Float32Array((bytes.length / 34) * 32);
  for (let block = 0; block * 34 < bytes.length; block++)
    for (let index = 0; index < 32; index++)
      numbers[block * 32 + index] = ((bytes[block * 34 + 2 + index]! << 24) >> 24) * halves[block * 17]!;
  return numbers;
}
