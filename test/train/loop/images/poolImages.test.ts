import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { ImageContract } from '../../../../configs/contract.js';
import type { TokenPool } from '../../../../data/stream/tokenPools.js';
import { imageMark } from '../../../../data/tokenizer/tokenizeText.js';
import { prepareImage } from '../../../../data/image/prepareImage.js';
import { startEngine } from '../../../../model/engine/startEngine.js';
import { lengthOf, type MixedSequence } from '../../../../model/pass/sequence.js';
import { loadTower } from '../../../../model/vision/loadTower.js';
import { imageRules, openVision } from '../../../../model/vision/openVision.js';
import { disposeTower } from '../../../../model/vision/tower.js';
import { poolImages } from '../../../../train/loop/images/poolImages.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';
import { swatch } from '../../../fixtures/swatch.js';
import { writeTinyVision } from '../../../fixtures/writeTinyVision.js';

describe('poolImages', () => {
  const at = useTemporaryFolder();

  it('places images by their sizes, and lets each distinct one through the tower once until it is told to forget', async () => {
    await startEngine();
    await writeTinyVision(at('base'));
    const folder = join(at('base'));
    const vision = await openVision(folder, { idOf: () => undefined });
    const tower = await loadTower(folder, 'float32', vision.config);
    const contract = { minPixels: 16, maxPixels: 192, alpha: 'drop', positions: 'mrope', order: 'text-first' } as const;
    const pictures = new Map<string, Uint8Array>();
    for (const [name, red] of [
      ['a', 0],
      ['b', 255],
    ] as const)
      pictures.set(name, (await swatch(red, 99, 0, 8, 4)).bytes);
    const prepared: string[] = [];
    const images = poolImages(
      ...([vision, tower, contract as unknown as ImageContract] as const),
      {
        sizeOf: () => ({ height: 4, width: 8 }),
        source: (sha256) => ({ sha256, name: sha256, read: async () => pictures.get(sha256)! }),
      },
      async ({ sha256, read }) => {
        prepared.push(sha256);
        return prepareImage(await read(), imageRules(contract, vision.config));
      },
      2,
    );
    const text = Int32Array.of(7, 8);
    const pool = {
      queries: [text, Int32Array.of(9, imageMark)],
      passages: [Int32Array.of(imageMark, imageMark), Int32Array.of(imageMark, 5)],
      images: {
        queries: [[], ['b']],
        passages: [['a', 'b'], ['a']],
      },
    } as unknown as TokenPool;
    const { queries, passages } = images.place(pool);
    assert.equal(queries[0], text);
    // A token has 4 x 4 pixels: an image of 8 x 4 is two of them, between a start and an end.
    assert.deepEqual([...queries, ...passages].map(lengthOf), [2, 5, 8, 5]);
    await images.fill([...queries, ...passages], () => undefined);
    assert.deepEqual(prepared.sort(), ['a', 'b']);
    const values = (sequence: unknown) => (sequence as MixedSequence).inserted.map(({ values }) => values);
    const [both, one] = passages.map(values);
    assert.deepEqual([both![0]!.length, one], [2 * vision.config.out, [both![0]]]);
    assert.equal(values(queries[1])[0], both![1]);
    assert.notDeepEqual(both![0], both![1]);
    await images.fill(passages, () => undefined);
    assert.equal(prepared.length, 2);
    images.forget();
    await images.fill(passages.slice(1), () => undefined);
    assert.deepEqual(prepared.slice(2), ['a']);
    disposeTower(tower);
  });
});
