import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTokenizer } from '../../../data/tokenizer/tokenizer.js';
import { seededRandom } from '../../../data/random.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { atOnce } from '../../../model/pass/stepwise.js';
import { imageFeatures, pixelValues } from '../../../model/vision/imageFeatures.js';
import { loadTower } from '../../../model/vision/loadTower.js';
import { openVision, type Vision } from '../../../model/vision/openVision.js';
import { disposeTower, type TowerWeights } from '../../../model/vision/tower.js';
import { assertClose, tensorsAlive } from '../../assertions.js';
import { writeTinyVision, type TinyWeights } from '../../fixtures/writeTinyVision.js';
import { plainTower } from './plainTower.js';

describe('imageFeatures', function () {
  this.timeout(60_000);
  let folder = '';
  let weights: TinyWeights;
  let vision: Vision;
  let tower: TowerWeights;
  before(async () => {
    await startEngine();
    folder = await mkdtemp(join(tmpdir(), 'tercet-'));
    weights = await writeTinyVision(folder);
    vision = await openVision(folder, await loadTokenizer(folder));
    tower = await loadTower(folder, 'float32', vision.config);
  });
  after(async () => {
    disposeTower(tower);
    await rm(folder, { recursive: true, force: true });
  });

  /** Noise of so many tokens. */
  function noise(rows: number, columns: number) {
    const random = seededRandom('noise', rows, columns);
    const patches = Uint8Array.from({ length: rows * columns * 4 * 12 }, () => Math.floor(random() * 256));
    return { height: rows * 4, width: columns * 4, rows: rows * 2, columns: columns * 2, patches };
  }
  const featuresOf = (rows: number, columns: number) =>
    atOnce(imageFeatures(noise(rows, columns), tower, vision.config, vision.values));

  // Windows of two tokens: whole ones, those at the right edge, at the bottom edge, in the corner, and none whole.
  for (const [rows, columns] of [
    [2, 2],
    [4, 4],
    [3, 5],
    [1, 3],
    [5, 1],
    [1, 1],
  ] as const)
    it(`are those of the definition for ${rows} x ${columns} tokens`, () => {
      const order = Int32Array.from({ length: rows * columns }, (_, token) => token);
      const values = [...pixelValues(noise(rows, columns).patches, order, vision.config, vision.values)];
      const pixels = Array.from({ length: rows * columns * 4 }, (_, patch) =>
        values.slice(patch * 12, patch * 12 + 12),
      );
      const expected = plainTower(pixels, rows, columns, weights, vision.config);
      assertClose(featuresOf(rows, columns), expected.flat(), 2e-5);
    });

  it('leave nothing on the device, even when they are given up half way', () => {
    featuresOf(3, 3);
    const before = tensorsAlive();
    featuresOf(3, 3);
    const work = imageFeatures(noise(3, 3), tower, vision.config, vision.values);
    work.next();
    assert.throws(() => work.throw(new Error('given up')), /given up/);
    assert.deepEqual(tensorsAlive(), before);
  });
});

describe('pixelValues', () => {
  it('takes the mean from each byte and divides it by the deviation, in the order of the tokens', () => {
    const patches = Uint8Array.of(0, 255, 51, 255, 0, 102); // two tokens of one patch of one pixel
    const values = pixelValues(
      patches,
      Int32Array.of(1, 0),
      { patch: 1, merge: 1 },
      { mean: [0, 0, 0.2], std: [1, 0.5, 1] },
    );
    assertClose(values, [1, 0, 0.2, 0, 2, 0], 1e-7);
  });
});
