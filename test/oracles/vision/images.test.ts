import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { UserError } from '../../../configs/userError.js';
import { decodeImage, measureImage } from '../../../data/image/decodeImage.js';
import type { ImageRules } from '../../../data/image/imageRules.js';
import { prepareImage } from '../../../data/image/prepareImage.js';
import { resample } from '../../../data/image/resample.js';
import { smartSize } from '../../../data/image/smartSize.js';

const oracle = join(process.env.ORACLES ?? '../shared/data', 'oracles/vision');

/** What transformers and torchvision said of an image. */
interface Told {
  refused?: string;
  read: [number, number];
  resized: [number, number];
  grid: [number, number, number];
  sum: number;
  corner: number[];
  over_white?: { sum: number };
}

describe('images as the processor of transformers reads them', () => {
  const rules: ImageRules = { minPixels: 3136, maxPixels: 100352, alpha: 'drop', patch: 14, merge: 2 };
  let images: [string, Told, Buffer][] = [];
  before(function () {
    if (!existsSync(oracle)) {
      console.log(`    skipped: ${oracle} is not there; name the folder above oracles by ORACLES`);
      return this.skip();
    }
    const { images: told } = JSON.parse(readFileSync(join(oracle, 'expected/images.json'), 'utf8')) as {
      images: Record<string, Told>;
    };
    images = Object.entries(told).map(([name, of]) => [name, of, readFileSync(join(oracle, 'images', name))]);
  });
  const readable = () => images.filter(([, { refused }]) => refused === undefined);

  it('resizes to the same sides, whatever the shape and the limits', async () => {
    const { rows } = JSON.parse(await readFile(join(oracle, 'expected/smart_resize.json'), 'utf8')) as {
      rows: [number, number, number, number, number | null, number | null][];
    };
    assert.ok(rows.length > 400);
    for (const [height, width, minPixels, maxPixels, ...expected] of rows) {
      const size = () => smartSize({ height, width }, { ...rules, minPixels, maxPixels });
      if (expected[0] === null) assert.throws(size, UserError);
      else assert.deepEqual(Object.values(size()), expected, `${height} x ${width} in ${minPixels}..${maxPixels}`);
    }
  });

  it('decodes every kind to the same bytes, and measures it without decoding', async () => {
    for (const [name, { read, sum, corner }, encoded] of readable()) {
      const { bytes, height, width } = await decodeImage(encoded, 'drop');
      assert.deepEqual([height, width], read, name);
      assert.deepEqual([...bytes.subarray(0, 3)], corner, name);
      assert.equal(
        bytes.reduce((total, byte) => total + byte, 0),
        sum,
        name,
      );
      assert.deepEqual(Object.values(await measureImage(encoded)), read, name);
    }
  });

  it('lays transparent pixels over white where it is told to', async () => {
    const [, told, encoded] = images.find(([name]) => name === 'rgba-120x84.png')!;
    const { bytes } = await decodeImage(encoded, 'white');
    assert.equal(
      bytes.reduce((total, byte) => total + byte, 0),
      told.over_white!.sum,
    );
  });

  it('resamples to the same bytes', async () => {
    for (const [name, { resized }, encoded] of readable()) {
      const [height, width] = resized;
      const { bytes } = resample(await decodeImage(encoded, 'drop'), { height, width });
      const file = join(oracle, 'expected/resized', name.replace(/\.\w+$/, '.png'));
      assert.deepEqual(Buffer.from(bytes), await sharp(file).removeAlpha().raw().toBuffer(), name);
    }
  });

  it('cuts as many patches, and refuses the same images', async () => {
    for (const [name, { refused, grid }, encoded] of images) {
      if (refused !== undefined) await assert.rejects(prepareImage(encoded, rules), UserError, name);
      else {
        const { rows, columns, patches } = await prepareImage(encoded, rules);
        assert.deepEqual([1, rows, columns], grid, name);
        assert.equal(patches.length, rows * columns * 588);
      }
    }
  });
});
