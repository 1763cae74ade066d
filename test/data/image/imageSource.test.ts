import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { imageInFile, imageInMemory } from '../../../data/image/imageSource.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('an image in a file', () => {
  const at = useTemporaryFolder();

  // Its embedding was kept for good under the hash of what the file had held before.
  it('is refused where the file holds something else by the time it is needed', async () => {
    writeFileSync(at('page.png'), 'before');
    const image = await imageInFile(at('page.png'));
    assert.equal(String(await image.read()), 'before');
    writeFileSync(at('page.png'), 'behind'); // as long as before
    await assert.rejects(image.read(), {
      name: 'UserError',
      message: `${at('page.png')} changed after it was first read; run again`,
    });
    writeFileSync(at('page.png'), 'before');
    assert.equal(String(await image.read()), 'before');
  });
});

describe('an image in memory', () => {
  // Samples of tasks in Parquet held every page of the table that an image of theirs lay in.
  it('keeps none of the table that its bytes come from', async () => {
    const page = Uint8Array.from({ length: 156 }, (_, at) => at);
    const bytes = await imageInMemory(page.subarray(40, 115), 'image 1').read();
    assert.deepEqual([bytes.length, bytes[0], bytes[74]], [75, 40, 114]);
    assert.equal(bytes.buffer.byteLength, 75);
  });
});
