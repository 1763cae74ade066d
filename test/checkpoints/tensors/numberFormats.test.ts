import assert from 'node:assert/strict';
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from '../../../checkpoints/tensors/numberFormats.js';

const bfloat16 = (value: number) => float32ToBfloat16(Float32Array.of(value))[0];
const float16 = (value: number) => float32ToFloat16(Float32Array.of(value))[0];
const fromWord = (word: number) => new Float32Array(Uint32Array.of(word).buffer);

describe('bfloat16', () => {
  // One is sign 0, exponent 127, fraction 0: 0 01111111 0000000. The next number is 1 + 2^-7.
  it('keeps numbers that it can hold', () => {
    assert.equal(bfloat16(1), 0x3f80);
    assert.equal(bfloat16(-1.5), 0xbfc0);
    assert.equal(bfloat16(1 + 2 ** -7), 0x3f81);
    assert.equal(bfloat16(-0), 0x8000);
  });

  it('rounds to the nearest', () => {
    assert.equal(bfloat16(1 + 2 ** -8 - 2 ** -20), 0x3f80);
    assert.equal(bfloat16(1 + 2 ** -8 + 2 ** -20), 0x3f81);
  });

  it('rounds halves to the even neighbour', () => {
    assert.equal(bfloat16(1 + 2 ** -8), 0x3f80);
    assert.equal(bfloat16(1 + 3 * 2 ** -8), 0x3f82);
    assert.equal(bfloat16(-(1 + 3 * 2 ** -8)), 0xbf82);
  });

  it('rounds what is beyond its largest number to infinity', () => {
    assert.equal(bfloat16(3.4028234663852886e38), 0x7f80);
    assert.equal(bfloat16(-Infinity), 0xff80);
  });

  it('rounds subnormal numbers like others', () => {
    assert.equal(bfloat16(2 ** -149), 0);
    assert.equal(bfloat16(2 ** -133), 1); // its smallest
    assert.equal(bfloat16(3 * 2 ** -134), 2);
  });

  it('keeps a NaN whose payload lies in the bits that are cut off', () => {
    assert.equal(float32ToBfloat16(fromWord(0x7f800001))[0], 0x7fc0);
    assert.equal(float32ToBfloat16(fromWord(0xffffffff))[0], 0xffff);
  });

  it('casts exactly', () => {
    const values = bfloat16ToFloat32(Uint16Array.of(0x3f81, 0xbfc0, 0x0001, 0x7f80));
    assert.deepEqual([...values], [1 + 2 ** -7, -1.5, 2 ** -133, Infinity]);
    assert.ok(Number.isNaN(bfloat16ToFloat32(Uint16Array.of(0x7fc0))[0]));
  });
});

describe('float16', () => {
  // One is sign 0, exponent 15, fraction 0: 0 01111 0000000000. The next number is 1 + 2^-10.
  it('keeps numbers that it can hold', () => {
    assert.equal(float16(1), 0x3c00);
    assert.equal(float16(-1.5), 0xbe00);
    assert.equal(float16(65504), 0x7bff); // its largest
    assert.equal(float16(2 ** -14), 0x0400); // its smallest normal number
    assert.equal(float16(-0), 0x8000);
  });

  it('rounds to the nearest, and halves to the even neighbour', () => {
    assert.equal(float16(1 / 3), 0x3555);
    assert.equal(float16(1 + 2 ** -11), 0x3c00);
    assert.equal(float16(1 + 3 * 2 ** -11), 0x3c02);
  });

  it('becomes infinite from half way beyond its largest number', () => {
    assert.equal(float16(65519.99), 0x7bff);
    assert.equal(float16(65520), 0x7c00);
    assert.equal(float16(-1e30), 0xfc00);
  });

  it('rounds subnormal numbers in units of 2^-24', () => {
    assert.equal(float16(2 ** -24), 1);
    assert.equal(float16(2 ** -25), 0); // half way between 0 and 1
    assert.equal(float16(2 ** -25 * (1 + 2 ** -10)), 1);
    assert.equal(float16(3 * 2 ** -25), 2); // half way between 1 and 2
    assert.equal(float16(2 ** -26), 0);
    assert.equal(float16(2 ** -14 - 2 ** -25), 0x0400); // the carry makes it normal
  });

  it('keeps NaN', () => assert.equal(float16(NaN), 0x7e00));

  it('gives every one of its numbers back after casting', () => {
    const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i).filter((i) => (i & 0x7fff) <= 0x7c00);
    assert.equal(bits.length, 2 * 0x7c01);
    assert.deepEqual(float32ToFloat16(float16ToFloat32(bits)), bits);
  });

  it('casts exactly', () => {
    assert.deepEqual(
      [...float16ToFloat32(Uint16Array.of(0x3555, 0x8001, 0x7bff))],
      [0.333251953125, -(2 ** -24), 65504],
    );
  });
});
