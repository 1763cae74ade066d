import assert from 'node:assert/strict';
import { readGguf } from './base/gguf.js';
import { inHalves } from './base/makeBase.js';

describe('readGguf', () => {
  const text = (value: string) => [...whole(value.length, 8), ...Buffer.from(value)];
  const whole = (value: number, size: number) =>
    Array.from({ length: size }, (_, at) => Math.floor(value / 256 ** at) % 256);
  const one = [0x00, 0x3c]; // 1 in float16
  const half = [0x00, 0x38];

  /** A file with one value of each kind that is used, and a tensor of each kind of numbers. */
  function file(): Uint8Array {
    const float = [...new Uint8Array(new Float32Array([0.5]).buffer)];
    const values = [
      [...text('name'), ...whole(8, 4), ...text('tiny')],
      [...text('tokens'), ...whole(9, 4), ...whole(8, 4), ...whole(2, 8), ...text('a'), ...text('b')],
      [...text('layers'), ...whole(4, 4), ...whole(7, 4)],
      [...text('epsilon'), ...whole(6, 4), ...float],
    ];
    const tensors = [
      [...text('plain'), ...whole(2, 4), ...whole(1, 8), ...whole(2, 8), ...whole(0, 4), ...whole(0, 8)],
      [...text('four'), ...whole(1, 4), ...whole(32, 8), ...whole(3, 4), ...whole(32, 8)],
      [...text('eight'), ...whole(1, 4), ...whole(32, 8), ...whole(8, 4), ...whole(64, 8)],
    ];
    const head = [...Buffer.from('GGUF'), ...whole(3, 4), ...whole(tensors.length, 8), ...whole(values.length, 8)];
    const start = [...head, ...values.flat(), ...tensors.flat()];
    const filled = (bytes: number[], size: number) => [...bytes, ...new Array<number>(size - bytes.length).fill(0)];
    const plain = [...new Uint8Array(new Float32Array([3, -4]).buffer)];
    // Scale 1/2, least 1; the first byte holds 3 (number 0) and 15 (number 16).
    const four = [...half, ...one, 0xf3, ...new Array<number>(15).fill(0)];
    // Scale 1/2; the first numbers are -128 and 127.
    const eight = [...half, 0x80, 0x7f, ...new Array<number>(30).fill(0)];
    return Uint8Array.from([
      ...filled(start, Math.ceil(start.length / 32) * 32),
      ...[filled(plain, 32), filled(four, 32), filled(eight, 64)].flat(),
    ]);
  }

  it('reads values, and tensors in float32, Q4_1 and Q8_0, rows first', () => {
    const { metadata, tensors } = readGguf(file());
    assert.deepEqual(Object.fromEntries(metadata), { name: 'tiny', tokens: ['a', 'b'], layers: 7, epsilon: 0.5 });
    assert.deepEqual(tensors.get('plain')!.shape, [2, 1]);
    assert.deepEqual([...tensors.get('plain')!.numbers()], [3, -4]);
    const four = tensors.get('four')!.numbers();
    assert.deepEqual([four[0], four[1], four[16], four.length], [2.5, 1, 8.5, 32]);
    const eight = tensors.get('eight')!.numbers();
    assert.deepEqual([eight[0], eight[1], eight[2], eight.length], [-64, 63.5, 0, 32]);
  });

  it('refuses what is no such file, and numbers of another kind', () => {
    assert.throws(() => readGguf(Buffer.from('safetensors')), /^Error: no GGUF file: it does not begin with GGUF$/);
    const other = file();
    other[Buffer.from(other).indexOf('four') + 4 + 4 + 8] = 12;
    assert.throws(() => readGguf(other), /^Error: tensor four of kind 12; only float32, Q4_1 and Q8_0 are read$/);
  });
});

describe('inHalves', () => {
  it('puts the first numbers of all pairs of a head before the second ones', () => {
    // Two heads of four rows, a number each.
    const rows = Float32Array.from([0, 1, 2, 3, 10, 11, 12, 13]);
    assert.deepEqual([...inHalves(rows, 2, 1)], [0, 2, 1, 3, 10, 12, 11, 13]);
  });
});
