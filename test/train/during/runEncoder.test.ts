import assert from 'node:assert/strict';
import type { TokenizerThreads } from '../../../data/tokenizer/threads.js';
import type { ImageReader } from '../../../eval/encoder/imageReader.js';
import type { Model } from '../../../model/layer/decoder.js';
import { runEncoder } from '../../../train/during/runEncoder.js';
import { contract } from '../../checkpoints/examples.js';

describe('runEncoder', () => {
  // Ranks beside the first made theirs without the reader of images: they kept embeddings where the first did not look.
  it('is, with images in the run, another encoder than without, whoever makes it', () => {
    const model = { config: { hidden: 4 }, weightsHash: 'w', precision: 'float32', layers: [] } as unknown as Model;
    const identityOf = (images?: { reader: ImageReader }) =>
      runEncoder({ paths: { name: 'one' }, model, contract, images }, {} as TokenizerThreads, 100).identity();
    const reader = { identity: 'tower' } as ImageReader;
    assert.equal(identityOf({ reader }), identityOf({ reader }));
    assert.notEqual(identityOf({ reader }), identityOf());
  });
});
