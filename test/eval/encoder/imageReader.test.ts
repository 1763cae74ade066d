import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { writeAdapter } from '../../../checkpoints/adapter/adapter.js';
import type { ImageSource } from '../../../data/image/imageSource.js';
import { readEncoded } from '../../../data/image/readEncoded.js';
import { seededRandom } from '../../../data/random.js';
import { openEncoder, type OpenEncoder } from '../../../eval/encoder/openEncoder.js';
import { assertClose } from '../../assertions.js';
import { writeTinyVision } from '../../fixtures/writeTinyVision.js';

describe('an encoder of texts and images', function () {
  this.timeout(120_000);
  let folder = '';
  let opened: OpenEncoder;
  const at = (name: string) => join(folder, name);
  /** Tokens are 4 x 4 pixels: an image of noise becomes two to twelve of them. */
  const settings = ['image.minPixels=32', 'image.maxPixels=192', 'evaluation.batchTokens=100'];
  const open = (...set: string[]) =>
    openEncoder(at('base'), { images: true, precision: 'float32', set: [...settings, ...set] });
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tercet-'));
    await writeTinyVision(at('base'));
    for (const [name, width, height] of [
      ['wide', 30, 8],
      ['tall', 8, 20],
      ['small', 3, 3],
    ] as const) {
      const random = seededRandom(name);
      const bytes = Uint8Array.from({ length: width * height * 3 }, () => Math.floor(random() * 256));
      await sharp(bytes, { raw: { width, height, channels: 3 } })
        .png()
        .toFile(at(`${name}.png`));
    }
    await writeFile(at('page.png'), '%PDF-1.7');
    opened = await open();
  });
  after(async () => {
    await opened.close();
    await rm(folder, { recursive: true, force: true });
  });
  const images = (...names: string[]) => ({
    images: names.map((name): ImageSource => {
      const file = at(`${name}.png`);
      return { sha256: name, name: file, read: () => readEncoded(file, async (bytes) => bytes) };
    }),
  });

  it('gives each document among many what it gets alone, and tells documents apart by their images', async () => {
    const documents = [
      { text: 'the same', ...images('wide') },
      { text: 'the same', ...images('tall') },
      { text: 'the same' },
      { text: 'the same', ...images('wide', 'small') },
      { text: 'the same', ...images('small', 'wide') },
      { text: '', ...images('small') },
      { text: 'a text of its own, and a longer one' },
    ];
    const { encoder } = opened;
    const { dimensions } = encoder;
    const done: number[] = [];
    const together = await encoder.encode('passage', documents, (count) => done.push(count));
    assert.equal(done.at(-1), documents.length);
    assert.ok(done.length > 1, 'several chunks');
    const row = (place: number) => together.slice(place * dimensions, (place + 1) * dimensions);
    for (const [index, document] of documents.entries())
      assertClose(row(index), await encoder.encode('passage', [document]), 2e-6, `document ${index}, number`);
    const rows = documents.map((_, position) => [...row(position)].map((value) => value.toFixed(4)).join());
    assert.equal(new Set(rows).size, documents.length);
  });

  it('has an identity of its own for each way of reading images', async () => {
    const identities = [opened.encoder.identity()];
    for (const setting of ['image.positions=flat', 'image.order=image-first', 'image.maxPixels=128']) {
      const other = await open(setting);
      identities.push(other.encoder.identity());
      const [one, another] = await Promise.all(
        [opened, other].map(({ encoder }) => encoder.encode('query', [{ text: 'a', ...images('wide') }])),
      );
      assert.notDeepEqual(one, another, setting);
      await other.close();
    }
    const texts = await openEncoder(at('base'), { precision: 'float32' });
    assert.equal(texts.encoder.contract.image, undefined);
    identities.push(texts.encoder.identity());
    assertClose(
      await texts.encoder.encode('query', [{ text: 'a text' }]),
      await opened.encoder.encode('query', [{ text: 'a text' }]),
      1e-6,
    );
    await texts.close();
    assert.equal(new Set(identities).size, identities.length);
  });

  // Its embeddings were kept and compared under a contract that said the tower was the base's.
  it('has a contract that says of the tower what the adapter changes, where an adapter brings none', async () => {
    const matrix = (sign: number) => ({
      a: new Float32Array(16).fill(0.1),
      b: new Float32Array(16).fill(sign),
      ...{ inSize: 16, outSize: 16 },
    });
    const lora = { rank: 1, alpha: 1, dropout: 0, targets: ['q' as const], base: at('base') };
    const text = ['layers.0.self_attn.q_proj', matrix(1)] as const;
    const towers: unknown[] = [];
    for (const more of [[], [['visual.blocks.0.attn.proj', matrix(-1)] as const]]) {
      const folder = at(`adapter${more.length}`);
      await writeAdapter(folder, { ...lora, matrices: new Map([text, ...more]) }, { keys: 'vision-language' });
      const other = await openEncoder(folder, { images: true, precision: 'float32', set: settings });
      towers.push(other.encoder.contract.image!.tower);
      await other.close();
    }
    assert.deepEqual(towers, ['frozen', 'adapted']);
  });

  it('names the file that cannot be used', async () => {
    const { encoder } = opened;
    await assert.rejects(encoder.encode('passage', [{ text: 'a', ...images('page') }]), {
      name: 'UserError',
      message: `${at('page.png')} is a PDF, which is not read; render its pages as PNG first`,
    });
    await assert.rejects(encoder.encode('passage', [{ text: 'a', ...images('none') }]), /none\.png: it does not exist/);
  });

  it('takes settings of images where there may be some, and refuses them elsewhere', async () => {
    await assert.rejects(
      openEncoder(at('base'), { precision: 'float32', set: ['image.maxPixels=700000'] }),
      /--set image\.maxPixels has no effect where no text comes with an image; leave it out$/,
    );
  });
});
