import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gradientCachePicture, poolPicture } from './drawings.js';

describe('docs/pictures', () => {
  const picture = (name: string) =>
    readFileSync(fileURLToPath(new URL(`../../docs/pictures/${name}`, import.meta.url)), 'utf8');

  it('are what the script draws; after a change: node --import tsx test/docs/writePages.ts', () => {
    assert.equal(picture('pool.svg'), poolPicture());
    assert.equal(picture('gradient-cache.svg'), gradientCachePicture());
  });

  it('show one positive for each query, its hard negatives, and all other passages', () => {
    const cells = (kind: string) =>
      poolPicture({ queries: 3, passagesPerQuery: 2 }).split(`class="${kind}"`).length - 1;
    // One more of each kind stands in the legend.
    assert.deepEqual([cells('positive'), cells('hard'), cells('negative')], [3 + 1, 3 + 1, 3 * 4 + 1]);
  });
});
