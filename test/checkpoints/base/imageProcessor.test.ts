import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { imageValues } from '../../../checkpoints/base/imageProcessor.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

describe('imageValues', () => {
  const at = useTemporaryFolder();
  const write = (name: string, json: object) => writeFile(at(name), JSON.stringify(json));

  it('takes mean and deviation from the released file before that of transformers 5, else those of the releases', async () => {
    assert.equal((await imageValues(at())).mean[0], 0.48145466);
    await write('processor_config.json', { image_processor: { image_mean: [0.1, 0.2, 0.3], resample: 3 } });
    assert.deepEqual((await imageValues(at())).mean, [0.1, 0.2, 0.3]);
    await write('preprocessor_config.json', { image_std: [1, 2, 3], max_pixels: 5 });
    assert.deepEqual(await imageValues(at()), { mean: [0.48145466, 0.4578275, 0.40821073], std: [1, 2, 3] });
  });

  it('refuses a processor that does other things', async () => {
    await write('preprocessor_config.json', { resample: 2 });
    await assert.rejects(
      imageValues(at()),
      /preprocessor_config\.json: resample must be 3; got 2, which is not computed/,
    );
    await write('preprocessor_config.json', { do_normalize: false });
    await assert.rejects(imageValues(at()), /do_normalize must be true; got false/);
    await write('preprocessor_config.json', { image_std: [1, 0, 1] });
    await assert.rejects(imageValues(at()), /image_std must be three numbers/);
  });
});
