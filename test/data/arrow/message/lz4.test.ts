import assert from 'node:assert/strict';
import { decompressLz4, decompressLz4Block } from '../../../../data/arrow/message/lz4.js';

/** Three letters, repeated by a reference that overlaps what it writes, then two letters: abcabcabcabc!? */
const block = Buffer.from([0x35, 0x61, 0x62, 0x63, 3, 0, 0x20, 0x21, 0x3f]);
const frame = (flags: number, ...blocks: Buffer[]) =>
  Buffer.concat([
    Buffer.from([0x04, 0x22, 0x4d, 0x18, flags, 0x40, 0]),
    ...blocks.flatMap((part) => [Buffer.from(Uint32Array.of(part.length).buffer), part]),
    Buffer.alloc(4),
  ]);

describe('decompressLz4', () => {
  it('copies literals and repeats what was written, overlapping', () => {
    assert.equal(Buffer.from(decompressLz4Block(block, 14)).toString(), 'abcabcabcabc!?');
    assert.equal(Buffer.from(decompressLz4(frame(0x60, block), 14)).toString(), 'abcabcabcabc!?');
  });

  it('lets a block refer to the one before it', () => {
    const next = Buffer.from([0x00, 14, 0, 0x10, 0x2e]); // four letters from 14 back, then a full stop
    const text = Buffer.from(decompressLz4(frame(0x40, block, next), 19)).toString();
    assert.equal(text, 'abcabcabcabc!?abca.');
  });

  it('reads lengths of several bytes', () => {
    const literals = Buffer.alloc(15 + 255 + 7, 'x');
    const long = Buffer.concat([Buffer.from([0xf0, 255, 7]), literals]);
    assert.deepEqual(Buffer.from(decompressLz4Block(long, literals.length)), literals);
  });

  it('refuses what is damaged, longer or shorter than expected', () => {
    for (const length of [13, 15, 0]) assert.throws(() => decompressLz4Block(block, length), /LZ4 block/);
    assert.throws(() => decompressLz4Block(Buffer.from([0x14, 0x61, 2, 0]), 9), /LZ4 block is damaged/); // before the start
    assert.throws(() => decompressLz4Block(Buffer.from([0x04, 0, 0]), 8), /LZ4 block is damaged/); // no distance
    assert.throws(() => decompressLz4Block(Buffer.from([0xf0, 255, 255]), 600), /LZ4 block is damaged/);
    assert.throws(() => decompressLz4(Buffer.from('not lz4 at all'), 5), /no LZ4 frame/);
    assert.throws(() => decompressLz4(frame(0x60, block).subarray(0, 15), 14));
    assert.throws(() => decompressLz4(frame(0x61, block), 14), /dictionary/);
  });
});
