import crc32c from 'crc-32/crc32c.js';
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { explainWriteFailure } from '../../data/files/explainWriteFailure.js';
import { makeFolderSync } from '../../setup/folder/makeFolder.mjs';

export interface EventFile {
  /** Gathered, and written now and then. @throws UserError when the disk is full */
  scalar(tag: string, value: number, step: number): void;
  /** Write what was gathered. @throws UserError when the disk is full */
  flush(): void;
  close(): void;
}

/** Whoever watches sees a step at most this much later. */
const flushEveryMs = 5000;

/**
 * Open a new TensorBoard event file.
 * Source: tensorflow/core/util/event.proto, tensorflow/core/lib/io/record_writer.cc.
 * @param clock      milliseconds since 1970
 * @param purgeFrom  the first step this file will hold, where a run goes on: TensorBoard then drops what earlier files
 *                   say of it and of later steps
 */
export function openEventFile(folder: string, clock: () => number, purgeFrom?: number): EventFile {
  const { file, descriptor } = create(folder, clock());
  let records: Uint8Array[] = [];
  let flushedMs = clock();
  const write = (event: Uint8Array) => records.push(frame(event));
  const flush = () => {
    const bytes = Buffer.concat(records);
    records = [];
    flushedMs = clock();
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done);
    } catch (error) {
      throw explainWriteFailure(error, file, bytes.length);
    }
  };
  write(encodeEvent({ seconds: clock() / 1000, fileVersion: 'brain.Event:2' }));
  if (purgeFrom !== undefined) write(encodeEvent({ seconds: clock() / 1000, step: purgeFrom, isStart: true }));
  flush();
  return {
    scalar: (tag, value, step) => {
      write(encodeEvent({ seconds: clock() / 1000, step, scalar: { tag, value } }));
      if (clock() - flushedMs > flushEveryMs) flush();
    },
    flush,
    close: () => {
      flush();
      closeSync(descriptor);
    },
  };
}

function create(folder: string, now: number): { file: string; descriptor: number } {
  try {
    makeFolderSync(folder);
    const file = join(folder, nextName(folder, now));
    return { file, descriptor: openSync(file, 'ax') };
  } catch (error) {
    throw explainWriteFailure(error, folder);
  }
}

export interface Event {
  /** Since 1970. */
  seconds: number;
  step?: number;
  fileVersion?: string;
  /** A session starts here: earlier files do not count from this step on. */
  isStart?: boolean;
  scalar?: { tag: string; value: number };
}

/** One event as a protocol buffer; numbers in front are field numbers of event.proto and summary.proto. */
export function encodeEvent(event: Event): Uint8Array {
  const parts = [float64(1, event.seconds)];
  if (event.step) parts.push(varintField(2, event.step)); // zero is the default and takes no bytes
  if (event.fileVersion) parts.push(bytesField(3, Buffer.from(event.fileVersion)));
  if (event.scalar) {
    const { tag, value } = event.scalar;
    const summaryValue = Buffer.concat([bytesField(1, Buffer.from(tag)), float32(2, value)]);
    parts.push(bytesField(5, bytesField(1, summaryValue)));
  }
  if (event.isStart) parts.push(bytesField(7, varintField(1, 1)));
  return Buffer.concat(parts);
}

/** Length, its checksum, the bytes, their checksum; all little-endian. */
export function frame(bytes: Uint8Array): Uint8Array {
  const record = Buffer.alloc(12 + bytes.length + 4);
  record.writeBigUInt64LE(BigInt(bytes.length), 0);
  record.writeUInt32LE(maskedChecksum(record.subarray(0, 8)), 8);
  record.set(bytes, 12);
  record.writeUInt32LE(maskedChecksum(bytes), 12 + bytes.length);
  return record;
}

/** Masked so that a checksum of data that holds checksums stays useful: rotated right by 15, plus a constant. */
function maskedChecksum(bytes: Uint8Array): number {
  const checksum = crc32c.buf(bytes);
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}

/** TensorBoard reads files in the order of their names: a later file must sort last, even within a second. */
function nextName(folder: string, now: number): string {
  const taken = readdirSync(folder).map((name) => Number(/^events\.out\.tfevents\.(\d+)\./.exec(name)?.[1] ?? 0));
  const seconds = Math.max(Math.floor(now / 1000), ...taken.map((second) => second + 1));
  return `events.out.tfevents.${String(seconds).padStart(10, '0')}.${hostname()}.${process.pid}`;
}

// Wire types: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes.

const varintField = (field: number, value: number) => Buffer.concat([varint(field << 3), varint(value)]);

const bytesField = (field: number, bytes: Uint8Array) =>
  Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);

function float64(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(9, (field << 3) | 1);
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

function float32(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(5, (field << 3) | 5);
  bytes.writeFloatLE(value, 1);
  return bytes;
}

/** Seven bits a byte, lowest first; all but the last byte have the top bit set. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Uint8Array.from([...bytes, value]);
}
