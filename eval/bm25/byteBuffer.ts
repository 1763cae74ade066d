/** Bytes that grow as they are written. */
export interface ByteBuffer {
  readonly size: number;
  /** A whole number from 0 up to 2^53 - 1: seven bits a byte, the lowest first, the high bit set on all but the last. */
  number(value: number): void;
  /** The length of the text in UTF-8, then the text. */
  text(value: string): void;
  bytes(value: Uint8Array): void;
  /** What was written; good until more is written. */
  view(): Buffer;
  clear(): void;
}

export function byteBuffer(): ByteBuffer {
  let buffer = Buffer.alloc(4096);
  let size = 0;
  const makeRoom = (bytes: number) => {
    if (size + bytes > buffer.length) buffer = Buffer.concat([buffer], Math.max(2 * buffer.length, size + bytes));
  };
  const number = (value: number) => {
    makeRoom(8);
    for (; value >= 128; value = Math.floor(value / 128)) buffer[size++] = (value % 128) + 128;
    buffer[size++] = value;
  };
  const bytes = (value: Uint8Array) => {
    makeRoom(value.length);
    buffer.set(value, size);
    size += value.length;
  };
  return {
    get size() {
      return size;
    },
    number,
    text(value) {
      number(Buffer.byteLength(value));
      bytes(Buffer.from(value));
    },
    bytes,
    view: () => buffer.subarray(0, size),
    clear: () => (size = 0),
  };
}

/** Reads a number that `ByteBuffer.number` wrote. @returns the number and the place behind it */
export function readNumber(buffer: Uint8Array, place: number): [value: number, next: number] {
  let value = 0;
  let scale = 1;
  for (; buffer[place]! >= 128; scale *= 128) value += (buffer[place++]! - 128) * scale;
  return [value + buffer[place]! * scale, place + 1];
}
