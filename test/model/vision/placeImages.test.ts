import assert from 'node:assert/strict';
import { placeImages, visionIds } from '../../../model/vision/placeImages.js';
import { imagePositions } from '../../../model/vision/positions.js';

const ids = { start: 10, image: 11, end: 12 };

describe('placeImages', () => {
  it('puts as many tokens as an image has between a start and an end, in the order of the images', () => {
    const placed = placeImages(
      Int32Array.of(1, -1, 2, -1),
      [
        { rows: 1, columns: 2 },
        { rows: 1, columns: 1 },
      ],
      ids,
    );
    assert.deepEqual([...placed.ids], [1, 10, 11, 11, 12, 2, 10, 11, 12]);
    assert.deepEqual(placed.images, [
      { at: 2, rows: 1, columns: 2 },
      { at: 7, rows: 1, columns: 1 },
    ]);
  });

  it('leaves a text without images as it is, even one that holds the id of an image', () => {
    const placed = placeImages(Int32Array.of(1, 11, 2), [], ids);
    assert.deepEqual(placed, { ids: Int32Array.of(1, 11, 2), images: [] });
  });
});

describe('visionIds', () => {
  it('takes an id that config.json lacks from the tokenizer, and refuses a base that has none', () => {
    const idOf = (token: string) => ({ '<|vision_start|>': 5 })[token];
    assert.deepEqual(visionIds({ startId: undefined, imageId: 6, endId: 7 }, idOf), { start: 5, image: 6, end: 7 });
    assert.throws(
      () => visionIds({ startId: 5, imageId: 6, endId: undefined }, idOf),
      /the base has no token <\|vision_end\|>/,
    );
  });
});

describe('imagePositions', () => {
  it('counts rows and columns of an image, and goes on after the longer side', () => {
    // Two tokens of text, an image of 2 rows and 3 columns, two tokens of text.
    const [time, row, column] = imagePositions(10, [{ at: 2, rows: 2, columns: 3 }], 'mrope');
    assert.deepEqual([...time], [0, 1, 2, 2, 2, 2, 2, 2, 5, 6]);
    assert.deepEqual([...row], [0, 1, 2, 2, 2, 3, 3, 3, 5, 6]);
    assert.deepEqual([...column], [0, 1, 2, 3, 4, 2, 3, 4, 5, 6]);
  });

  it('counts every place alike where the contract says flat, or where there is no image', () => {
    const flat = imagePositions(4, [{ at: 1, rows: 1, columns: 2 }], 'flat');
    for (const axis of [...flat, ...imagePositions(4, [], 'mrope')]) assert.deepEqual([...axis], [0, 1, 2, 3]);
  });
});
