import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import crc32 from 'crc-32';
import sharp from 'sharp';
import { UserError } from '../../../configs/userError.js';
import { decodeImage, measureImage } from '../../../data/image/decodeImage.js';

/** Two pixels beside each other. */
const two = (channels: 1 | 2 | 3 | 4, values: number[]) =>
  sharp(Uint8Array.from(values), { raw: { width: 2, height: 1, channels } });
const pixels = async (encoded: Uint8Array, alpha: 'drop' | 'white' = 'drop') => {
  const { bytes, height, width } = await decodeImage(encoded, alpha);
  return { bytes: [...bytes], height, width };
};
const redAndBlue = [255, 0, 0, 0, 0, 255];

describe('decodeImage', () => {
  it('reads PNG, WebP, GIF and TIFF by their content', async () => {
    const image = two(3, redAndBlue);
    for (const encoded of [
      image.png(),
      image.webp({ lossless: true }),
      image.gif(),
      image.tiff({ compression: 'lzw' }),
    ]) {
      const found = await pixels(await encoded.toBuffer());
      assert.deepEqual(found, { bytes: redAndBlue, height: 1, width: 2 });
    }
  });

  it('reads JPEG, plain and progressive', async () => {
    const grey = sharp({ create: { width: 16, height: 8, channels: 3, background: { r: 128, g: 128, b: 128 } } });
    for (const progressive of [false, true]) {
      const { bytes, height, width } = await pixels(await grey.clone().jpeg({ progressive }).toBuffer());
      assert.deepEqual([height, width, ...new Set(bytes)], [8, 16, 128]);
    }
  });

  it('turns the image as EXIF says, and measures it turned', async () => {
    const encoded = await two(3, redAndBlue).withMetadata({ orientation: 6 }).png().toBuffer(); // a quarter to the right
    assert.deepEqual(await pixels(encoded), { bytes: redAndBlue, height: 2, width: 1 });
    assert.deepEqual(await measureImage(encoded), { height: 2, width: 1 });
    const turned = await two(3, redAndBlue).withMetadata({ orientation: 3 }).png().toBuffer();
    assert.deepEqual((await pixels(turned)).bytes, [0, 0, 255, 255, 0, 0]);
  });

  it('drops transparency, showing the colour beneath, or lays it over white', async () => {
    const encoded = await two(4, [255, 0, 0, 0, 100, 50, 0, 128]).png().toBuffer();
    assert.deepEqual((await pixels(encoded)).bytes, [255, 0, 0, 100, 50, 0]);
    // (100 * 128 + 255 * 127) / 255 = 177.2, (50 * 128 + 255 * 127) / 255 = 152.1, 255 * 127 / 255 = 127
    assert.deepEqual((await pixels(encoded, 'white')).bytes, [255, 255, 255, 177, 152, 127]);
  });

  it('spreads grey out, and keeps the upper 8 of 16 bits', async () => {
    assert.deepEqual((await pixels(await two(1, [3, 200]).png().toBuffer())).bytes, [3, 3, 3, 200, 200, 200]);
    const deep = sharp(Uint16Array.of(0x12ff, 0xab00), { raw: { width: 2, height: 1, channels: 1 } });
    const encoded = await deep.toColourspace('grey16').png().toBuffer();
    assert.equal((await sharp(encoded).metadata()).depth, 'ushort');
    assert.deepEqual((await pixels(encoded)).bytes, [0x12, 0x12, 0x12, 0xab, 0xab, 0xab]);
  });

  it('turns inks into light', async () => {
    // A TIFF of two pixels in cyan, magenta, yellow and black: (255 - ink) * (255 - black) / 255.
    assert.deepEqual((await pixels(inksTiff([0, 128, 255, 0, 0, 0, 255, 55]))).bytes, [255, 127, 0, 200, 200, 0]);
  });

  it('takes the first frame', async () => {
    const frame = (background: string) =>
      sharp({ create: { width: 16, height: 16, channels: 3, background } })
        .png()
        .toBuffer();
    const frames = await Promise.all([frame('red'), frame('blue')]);
    const encoded = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer();
    assert.equal((await sharp(encoded).metadata()).pages, 2);
    const { bytes, height } = await pixels(encoded);
    assert.deepEqual([height, ...bytes.slice(0, 3), ...bytes.slice(-3)], [16, 255, 0, 0, 255, 0, 0]);
  });

  it('refuses what it does not read by name, with the remedy', async () => {
    const heic = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic')]);
    for (const [encoded, reason] of [
      ['', /^is empty; fetch it again$/],
      ['this is text', /^is no image: images are PNG, JPEG, GIF, WebP, TIFF; leave it out$/],
      ['%PDF-1.7\n', /^is a PDF, which is not read; render its pages as PNG first$/],
      ['<?xml version="1.0"?>\n<svg width="2">', /^is SVG, .*render it as PNG/],
      [heic, /^is HEIC, .*convert it to JPEG or PNG$/],
      ['BM\x46\0\0\0\0\0\0\0', /^is BMP/],
    ] as const)
      await assert.rejects(decodeImage(Buffer.from(encoded), 'drop'), (error: Error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, reason);
        return true;
      });
  });

  it('refuses a file that is cut short, or damaged', async () => {
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, index) => (index * 7919) % 251);
    const image = sharp(noise, { raw: { width: 64, height: 64, channels: 3 } });
    for (const encoded of [await image.clone().jpeg().toBuffer(), await image.clone().png().toBuffer()])
      await assert.rejects(decodeImage(encoded.subarray(0, encoded.length / 2), 'drop'), UserError);
    const jpeg = await image.jpeg().toBuffer();
    await assert.rejects(decodeImage(jpeg.subarray(0, 4), 'drop'), UserError);
    await assert.rejects(decodeImage(jpeg.subarray(0, jpeg.length / 2), 'drop'), /is cut short; fetch it again/);
  });

  // It was `damaged (Unknown error)` at a time: a sound image that was done beside it had cleared what was known.
  it('says what is wrong with an image also where sound ones are decoded beside it', async () => {
    const sound = await two(3, redAndBlue).png().toBuffer();
    const cut = sound.subarray(0, sound.length - 20);
    const told = new Set<string>();
    for (let round = 0; round < 200; round++)
      await Promise.all([
        decodeImage(sound, 'drop'),
        decodeImage(cut, 'drop').catch((error: Error) => told.add(error.message)),
      ]);
    assert.deepEqual([...told], ['is cut short; fetch it again']);
  });

  it('refuses a small file of a huge image by its header, without decoding it', async () => {
    // 30,000 x 30,000 white pixels in 110 KB; decoded they would take 2.7 GB.
    const bomb = onePixelDeepPng(30000);
    assert.ok(bomb.length < 200_000);
    const before = process.memoryUsage().rss;
    await assert.rejects(decodeImage(bomb, 'drop'), /is 30000 x 30000 pixels; at most 67108864 in all are read/);
    assert.ok(process.memoryUsage().rss - before < 100e6);
  });
});

/** A grey PNG of one bit a pixel. */
function onePixelDeepPng(side: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc((side / 8 + 1) * side), { level: 9 });
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    ...[chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))],
  ]);
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeInt32BE(crc32.buf(body));
  return Buffer.concat([length, body, check]);
}

/** A TIFF of two pixels of four inks, without compression. */
function inksTiff(values: number[]): Buffer {
  const bitsAt = 8 + 2 + 10 * 12 + 4;
  const entries: [tag: number, kind: number, count: number, value: number][] = [
    [256, 3, 1, 2], // width
    [257, 3, 1, 1], // height
    [258, 3, 4, bitsAt], // bits of each ink
    [259, 3, 1, 1], // no compression
    [262, 3, 1, 5], // separated inks
    [273, 4, 1, bitsAt + 8], // where the pixels are
    [277, 3, 1, 4], // inks
    [278, 3, 1, 1], // rows of a strip
    [279, 4, 1, values.length],
    [284, 3, 1, 1], // pixel by pixel
  ];
  const file = Buffer.alloc(bitsAt + 8 + values.length);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(entries.length, 8);
  entries.forEach(([tag, kind, count, value], index) => {
    const at = 10 + index * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(kind, at + 2);
    file.writeUInt32LE(count, at + 4);
    file.writeUInt32LE(value, at + 8);
  });
  for (let ink = 0; ink < 4; ink++) file.writeUInt16LE(8, bitsAt + ink * 2);
  file.set(values, bitsAt + 8);
  return file;
}
