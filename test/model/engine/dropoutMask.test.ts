import assert from 'node:assert/strict';
import { dropoutMask } from '../../../model/engine/dropoutMask.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { assertClose, assertTensorsKept } from '../../assertions.js';

const shape: [number, number] = [128, 256];
const size = shape[0] * shape[1];

function maskOf(rate: number, seeds: [number, number]): Float32Array {
  const mask = dropoutMask(shape, rate, seeds);
  const values = mask.dataSync() as Float32Array;
  mask.dispose();
  return values;
}

describe('dropoutMask', () => {
  before(() => startEngine());

  it('sets the share of elements to zero and keeps the mean at 1', () => {
    for (const rate of [0.1, 0.5]) {
      const values = maskOf(rate, [42, 3]);
      const kept = values.filter((value) => value !== 0);
      assertClose(new Set(kept).size === 1 ? [kept[0]!] : [], [1 / (1 - rate)], 1e-6, 'what kept elements are');
      const deviation = Math.sqrt((rate * (1 - rate)) / size); // of the share dropped
      assertClose([1 - kept.length / size], [rate], 4 * deviation, 'share dropped');
    }
  });

  it('is the same for the same seeds', () => {
    assert.deepEqual(maskOf(0.5, [7, 2]), maskOf(0.5, [7, 2]));
  });

  it('drops every row and column like any other', () => {
    const values = maskOf(0.5, [1, 1]);
    const shares = (length: number, place: (i: number) => number) => {
      const sums = new Float64Array(length);
      values.forEach((value, i) => (sums[place(i)]! += value / 2 / (size / length)));
      return sums;
    };
    const [rows, columns] = [shares(shape[0], (i) => Math.floor(i / shape[1])), shares(shape[1], (i) => i % shape[1])];
    assertClose(
      rows,
      rows.map(() => 0.5),
      0.16,
      'row',
    ); // five deviations of 256 draws
    assertClose(
      columns,
      columns.map(() => 0.5),
      0.23,
      'column',
    ); // of 128
  });

  // On WebAssembly the masks of neighbouring seeds, which the chunks of a pool have, once were one mask with pairs of
  // elements exchanged.
  it('is unrelated for other seeds, also neighbouring ones, and for other projections', () => {
    const mask = maskOf(0.5, [6, 2]);
    for (const seeds of [
      [7, 2],
      [6, 3],
      [2, 6],
      [5, 2],
    ] as [number, number][]) {
      const other = maskOf(0.5, seeds);
      for (const flipped of [0, 1, 3]) {
        const same = mask.filter((value, i) => value === other[i ^ flipped]).length;
        assertClose([same / size], [0.5], 4 * Math.sqrt(0.25 / size), `elements alike under seeds ${seeds}`);
      }
    }
  });

  it('leaves its result alone alive', () => {
    assertTensorsKept(1, () => dropoutMask([3, 4], 0.5, [1, 2]));
  });
});
