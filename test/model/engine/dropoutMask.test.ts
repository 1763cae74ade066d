import assert from 'node:assert/strict';
import { adapterKeys, dropoutMask, mixBits } from '../../../model/engine/dropoutMask.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { assertClose, assertTensorsKept } from '../../assertions.js';

const [rows, columns] = [128, 256];
const size = rows * columns;

const keysOf = (seed: number, count = rows) =>
  Int32Array.from({ length: 2 * count }, (_, index) => mixBits(seed * 2 ** 20 + index + 1));

function maskOf(rate: number, keys: Int32Array, adapter = 0): Float32Array {
  const mask = dropoutMask({ rate, keys }, columns, adapter);
  const values = mask.dataSync() as Float32Array;
  mask.dispose();
  return values;
}

describe('dropoutMask', () => {
  before(() => startEngine());

  it('sets the share of elements to zero and keeps the mean at 1', () => {
    for (const rate of [0.1, 0.5]) {
      const values = maskOf(rate, keysOf(1));
      const kept = values.filter((value) => value !== 0);
      assertClose(new Set(kept).size === 1 ? [kept[0]!] : [], [1 / (1 - rate)], 1e-6, 'what kept elements are');
      const deviation = Math.sqrt((rate * (1 - rate)) / size); // of the share dropped
      assertClose([1 - kept.length / size], [rate], 4 * deviation, 'share dropped');
    }
  });

  // Each engine once had a rule of its own, so that a run that went on elsewhere became another.
  it('is its definition on every engine, element by element', () => {
    const keys = Int32Array.of(1, 2, -3, 2 ** 31 - 1, -(2 ** 31), 0);
    const [adapterFirst, adapterSecond] = adapterKeys(5);
    const u32 = (value: number | bigint) => BigInt.asUintN(32, BigInt(value));
    const wanted = Array.from({ length: 3 * columns }, (_, index) => {
      const [row, column] = [Math.floor(index / columns), index % columns];
      let hash = u32(column) ^ u32(keys[2 * row]!) ^ u32(adapterFirst);
      hash = u32((hash ^ (hash >> 16n)) * 0x85ebca6bn) ^ u32(keys[2 * row + 1]!) ^ u32(adapterSecond);
      hash = u32((hash ^ (hash >> 13n)) * 0xc2b2ae35n);
      hash ^= hash >> 16n;
      return hash >> 8n < 3355443n ? 0 : 1.25; // 0.2 of 2^24
    });
    assert.deepEqual([...maskOf(0.2, keys, 5)], wanted);
  });

  it('drops a row by its keys, wherever it lies', () => {
    const keys = keysOf(2);
    const [whole, part] = [maskOf(0.5, keys), maskOf(0.5, keys.slice(2 * 100))];
    assert.deepEqual(part, whole.slice(100 * columns));
  });

  it('drops every row and column like any other', () => {
    const values = maskOf(0.5, keysOf(3));
    const shares = (length: number, place: (i: number) => number) => {
      const sums = new Float64Array(length);
      values.forEach((value, i) => (sums[place(i)]! += value / 2 / (size / length)));
      return sums;
    };
    const ofRows = shares(rows, (i) => Math.floor(i / columns));
    const ofColumns = shares(columns, (i) => i % columns);
    const half = (length: number) => new Float64Array(length).fill(0.5);
    assertClose(ofRows, half(rows), 0.16, 'row'); // five deviations of 256 draws
    assertClose(ofColumns, half(columns), 0.23, 'column'); // of 128
  });

  // The masks of neighbouring chunks once were one mask with pairs of elements exchanged.
  it('is unrelated for other rows and for other projections', () => {
    const mask = maskOf(0.5, keysOf(6), 2);
    const others = { 'another seed': maskOf(0.5, keysOf(7), 2), 'the row below': maskOf(0.5, keysOf(6).slice(2), 2) };
    const projections = { 'the next adapter': maskOf(0.5, keysOf(6), 3), 'a distant one': maskOf(0.5, keysOf(6), 195) };
    for (const [what, other] of Object.entries({ ...others, ...projections })) {
      for (const flipped of [0, 1, 3]) {
        const same = other.filter((value, i) => value === mask[i ^ flipped]).length;
        const deviation = Math.sqrt(0.25 / other.length);
        assertClose([same / other.length], [0.5], 4 * deviation, `elements alike of ${what}, ${flipped} flipped`);
      }
    }
  });

  it('leaves its result alone alive', () => {
    assertTensorsKept(1, () => dropoutMask({ rate: 0.5, keys: keysOf(1, 3) }, 4, 0));
  });
});
