import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { startImageThreads, type ImageThreads } from '../../../data/image/imageThreads.js';
import { prepareImage } from '../../../data/image/prepareImage.js';
import { readEncoded } from '../../../data/image/readEncoded.js';
import { UserError } from '../../../configs/userError.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

const rules = { minPixels: 3136, maxPixels: 100352, alpha: 'drop', patch: 14, merge: 2 } as const;

describe('threads that read images', function () {
  this.timeout(60_000);
  const at = useTemporaryFolder();
  const image = (name: string) => ({ name: at(name), read: () => readEncoded(at(name), async (bytes) => bytes) });
  let threads: ImageThreads;
  before(() => (threads = startImageThreads(rules, 2)));
  after(() => threads.close());

  it('give each file what it is alone, in the order that was asked', async () => {
    const sizes = [30, 60, 90, 120, 150];
    const files = await Promise.all(
      sizes.map(async (width, index) => {
        const background = { r: index, g: 2 * index, b: 255 };
        const encoded = await sharp({ create: { width, height: 60, channels: 3, background } })
          .png()
          .toBuffer();
        await writeFile(at(`${width}.png`), encoded);
        return encoded;
      }),
    );
    const prepared = await Promise.all(sizes.map((width) => threads.prepare(image(`${width}.png`))));
    assert.deepEqual(prepared, await Promise.all(files.map((encoded) => prepareImage(encoded, rules))));
  });

  it('name the file that cannot be used, and go on', async () => {
    await writeFile(at('page.png'), '%PDF-1.4');
    await sharp({ create: { width: 28, height: 28, channels: 3, background: 'red' } })
      .png()
      .toFile(at('red.png'));
    const [refused, missing, folder, read] = await Promise.allSettled(
      ['page.png', 'missing.png', '', 'red.png'].map((name) => threads.prepare(image(name))),
    );
    const reason = (result: PromiseSettledResult<unknown> | undefined) => {
      assert.ok(result?.status === 'rejected' && result.reason instanceof UserError);
      return result.reason.message;
    };
    assert.equal(reason(refused), `${at('page.png')} is a PDF, which is not read; render its pages as PNG first`);
    assert.equal(reason(missing), `cannot read ${at('missing.png')}: it does not exist`);
    assert.match(reason(folder), /it is a folder/);
    assert.equal(read!.status, 'fulfilled');
  });

  it('reject what they have not done when they are closed', async () => {
    const closing = startImageThreads(rules, 1);
    const waiting = closing.prepare(image('any.png'));
    await Promise.all([assert.rejects(waiting, /are closed/), closing.close()]);
    await assert.rejects(closing.prepare(image('any.png')), /are closed/);
  });
});
