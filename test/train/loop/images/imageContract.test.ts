import assert from 'node:assert/strict';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { writeAdapter } from '../../../../checkpoints/adapter/adapter.js';
import { readContract } from '../../../../checkpoints/contract/contractFile.js';
import { readRunConfig } from '../../../../checkpoints/run/config.js';
import { runFolder, runsRoot } from '../../../../checkpoints/run/folder.js';
import type { Contract } from '../../../../configs/contract.js';
import { openEncoder, type EncoderOptions } from '../../../../eval/encoder/openEncoder.js';
import { imageInFile } from '../../../../data/image/imageSource.js';
import type { Collective } from '../../../../model/engine/ranks/collective.js';
import { startEngine, type Engine } from '../../../../model/engine/startEngine.js';
import { openOldRun } from '../../../../train/loop/open/openOldRun.js';
import { openSharedRun } from '../../../../train/ranks/shareRun.js';
import { writeFinishedRun } from '../../../eval/finishedRun.js';
import { writeTinyVision } from '../../../fixtures/writeTinyVision.js';

describe('the contract of a run that reads images', function () {
  this.timeout(60_000);
  const home = process.cwd();
  let engine: Engine;
  let contract: Contract;
  const set = ['image.minPixels=32', 'image.maxPixels=192'];

  before(async () => {
    engine = await startEngine();
    process.chdir(await mkdtemp(join(tmpdir(), 'tercet-')));
    symlinkSync(join(home, 'node_modules'), 'node_modules'); // where threads look for tsx
    await writeTinyVision('base');
    await writeFinishedRun(process.cwd(), 'texts', 'float32', { set });
    const finished = await writeFinishedRun(process.cwd(), 'pages', 'float32', { set, readsImages: true });
    contract = finished.contract;
    await writeAdapter('adapter', { ...finished.adapter, base: 'base' }, { contract });
    await sharp({ create: { width: 30, height: 8, channels: 3, background: 'red' } }).toFile('page.png');
  });
  after(async () => {
    const folder = process.cwd();
    process.chdir(home);
    await rm(folder, { recursive: true, force: true });
  });

  const embed = async (model: string, options: EncoderOptions, ...images: string[][]) => {
    const { encoder, close } = await openEncoder(model, options);
    try {
      assert.deepEqual(encoder.contract, contract);
      const embeddings = [];
      for (const files of images) {
        const shown = await Promise.all(files.map((file) => imageInFile(file)));
        embeddings.push([...(await encoder.encode('passage', [{ text: 'a page', images: shown }]))]);
      }
      return embeddings;
    } finally {
      await close();
    }
  };

  it('stands beside the run and its adapter, and says how images are read', async () => {
    assert.deepEqual(contract.image, {
      ...{ minPixels: 32, maxPixels: 192, order: 'text-first', positions: 'mrope', alpha: 'drop' },
      resampling: 'bicubic uint8, horizontal first',
      mean: [0.48145466, 0.4578275, 0.40821073],
      std: [0.26862954, 0.26130258, 0.27577711],
      tower: 'frozen',
    });
    assert.deepEqual(await readContract(runFolder(runsRoot, 'pages').contract), contract);
    assert.equal((await readContract(runFolder(runsRoot, 'texts').contract)).image, undefined);
  });

  // Settings of images were not taken from the contract of an adapter's folder, and a model that read images could
  // not be opened for texts alone.
  it('is that under which its run and its adapter encode texts and images', async () => {
    const [page, text] = await embed('run:pages', { images: true }, ['page.png'], []);
    assert.notDeepEqual(page, text);
    assert.deepEqual(await embed('adapter', {}, []), [text]);
  });

  it('is not changed by settings, nor made for a model that was trained on texts alone', async () => {
    for (const model of ['run:pages', 'adapter'])
      await assert.rejects(openEncoder(model, { images: true, set: ['image.maxPixels=96'] }), {
        name: 'UserError',
        message: `--set image.maxPixels has no effect on ${model}, which has a contract of its own; leave it out`,
      });
    await assert.rejects(openEncoder('run:texts', { images: true }), {
      name: 'UserError',
      message: /^run:texts was trained on texts alone: its contract does not say how images are read/,
    });
  });

  it('is held against the base wherever a run or an adapter is opened', async () => {
    const record = await readRunConfig(runFolder(runsRoot, 'pages').config);
    const told = JSON.stringify({ run: 'pages', record: { ...record, identities: [] }, contract, shapes: [] });
    const doors: (() => Promise<unknown>)[] = [
      () => openEncoder('run:pages', { images: true }),
      () => openEncoder('run:pages'),
      () => openEncoder('adapter', { images: true }),
      () => openEncoder('adapter'),
      () => openOldRun(engine, 'pages'),
      () => openSharedRun({ tell: () => [told] } as unknown as Collective, engine),
    ];
    writeFileSync('base/preprocessor_config.json', JSON.stringify({ image_mean: [0.5, 0.5, 0.5] }));
    for (const open of doors)
      await assert.rejects(open, {
        name: 'UserError',
        message:
          /another contract: image\.mean \[0\.48145466,0\.4578275,0\.40821073\], not \[0\.5,0\.5,0\.5\]; use the same/,
      });
    rmSync('base/preprocessor_config.json');
    for (const open of doors.slice(-2))
      await assert.rejects(open, (error: Error) => !error.message.includes('contract'));
  });
});
