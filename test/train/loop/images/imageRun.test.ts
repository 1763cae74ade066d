import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readAdapter, withoutTower, writeAdapter } from '../../../../checkpoints/adapter/adapter.js';
import { openBaseFolder } from '../../../../checkpoints/base/baseFolder.js';
import { exportMerged } from '../../../../checkpoints/export/exportMerged.js';
import { runFolder, runsRoot } from '../../../../checkpoints/run/folder.js';
import { unkeptLog } from '../../../../checkpoints/run/log.js';
import { loadConfig } from '../../../../configs/load/loadConfig.js';
import { resolveBase } from '../../../../configs/load/resolveBase.js';
import { imageInFile } from '../../../../data/image/imageSource.js';
import { importExamples } from '../../../../data/import/importExamples.js';
import { startTokenizerThreads } from '../../../../data/tokenizer/threads.js';
import { openEncoder } from '../../../../eval/encoder/openEncoder.js';
import { alone } from '../../../../model/engine/ranks/collective.js';
import { startEngine, type Engine } from '../../../../model/engine/startEngine.js';
import { disposeModel } from '../../../../model/layer/decoder.js';
import { attachAdapter, detachedAdapter } from '../../../../model/layer/lora.js';
import { openNewRun } from '../../../../train/loop/open/openNewRun.js';
import { openOldRun } from '../../../../train/loop/open/openOldRun.js';
import type { OpenTraining } from '../../../../train/loop/open/openTraining.js';
import { trainRun } from '../../../../train/loop/trainRun.js';
import { workThrough } from '../../../../train/workThrough.js';
import { assertClose } from '../../../assertions.js';
import { imageSettings, writeImageRows } from '../../../fixtures/writeImageRows.js';
import { writeTinyBase } from '../../../tinyRun.js';

describe('a run over texts and images', function () {
  this.timeout(120_000);
  const home = process.cwd();
  let engine: Engine;

  before(async () => {
    engine = await startEngine();
    process.chdir(await mkdtemp(join(tmpdir(), 'tercet-')));
    symlinkSync(join(home, 'node_modules'), 'node_modules'); // where threads look for tsx
    await writeImageRows('.');
  });
  after(async () => {
    const folder = process.cwd();
    process.chdir(home);
    await rm(folder, { recursive: true, force: true });
  });

  const begin = (run: string, ...more: string[]) =>
    openNewRun(engine, {
      ...{ base: resolveBase(resolve('base')), recipe: 'demo', run, adapter: undefined, allowContract: [] },
      ...{ loaded: loadConfig('demo', [...imageSettings, ...more]), data: [{ path: 'rows.arrow', weight: 1 }] },
    });
  const unseen = { onUpdate: () => {}, onScoring: () => {}, onScores: () => {} };

  /** Make updates until `stop` of them are made. @returns losses, and the numbers of the adapter by then */
  async function updates(opened: OpenTraining, stop = Infinity) {
    const { model, files, contract, record, images } = opened;
    const parameters = attachAdapter(model, opened.adapter);
    const threads = await startTokenizerThreads(record.base.folder, contract, 1);
    const [losses, norms]: [number[], number[]] = [[], []];
    const log = unkeptLog(() => {});
    const events = { scalar: () => {}, flush: () => {} };
    try {
      await trainRun({ ...opened, parameters, threads, log, events, collective: alone }, () => losses.length >= stop, {
        ...unseen,
        onUpdate: ({ loss, gradNorm }) => void (losses.push(loss), norms.push(gradNorm)),
      });
      return { losses, norms, adapter: detachedAdapter(parameters, opened.adapter).matrices };
    } finally {
      await threads.close();
      await images!.reader.close();
      for (const file of files) await file.close();
      disposeModel(model);
      opened.lock.release();
    }
  }

  it('goes on after an interruption with the same bits, to an adapter that is proved; the gradient cache changes nothing', async () => {
    const opened = await begin('whole', 'training.chunkTokens=64');
    assert.ok(opened.plan.bytes.tower! > 0 && opened.plan.bytes.features! > 0);
    const whole = await updates(opened);
    assert.equal(whole.losses.length, 4);
    const first = await updates(await begin('parts', 'training.chunkTokens=64'), 2);
    assert.deepEqual(first.losses, whole.losses.slice(0, 2));
    const done = await workThrough(await openOldRun(engine, 'parts'), {
      ...{ ...unseen, onTrained: () => {}, onProof: () => {}, onEvaluation: () => {}, onWarning: () => {} },
      onInterrupt: () => {},
    });
    assert.ok('proof' in done);
    assert.deepEqual((await readAdapter(runFolder(runsRoot, 'parts').adapter)).matrices, whole.adapter);
    const uncached = await updates(await begin('uncached', 'training.chunkTokens=100000'), 1);
    assert.ok(Math.abs(uncached.losses[0]! - whole.losses[0]!) < 1e-5);
  });

  it('learns in the vision tower too, goes on with the same bits, and is the same model when it is merged', async () => {
    const set = ['lora.tower=true', 'training.steps=3', 'training.chunkTokens=64'];
    const opened = await begin('tower', ...set);
    assert.equal(opened.contract.image!.tower, 'adapted');
    const whole = await updates(opened);
    const ofTower = [...whole.adapter].filter(([name]) => name.startsWith('visual.'));
    assert.equal(ofTower.length, 3 * 5);
    for (const [name, { b }] of ofTower)
      assert.ok(
        b.some((value) => value !== 0),
        name,
      );
    const first = await updates(await begin('towerParts', ...set), 1);
    assert.deepEqual(first.losses, whole.losses.slice(0, 1));
    await workThrough(await openOldRun(engine, 'towerParts'), {
      ...{ ...unseen, onTrained: () => {}, onProof: () => {}, onEvaluation: () => {}, onWarning: () => {} },
      onInterrupt: () => {},
    });
    const paths = runFolder(runsRoot, 'towerParts');
    const adapter = await readAdapter(paths.adapter);
    assert.deepEqual(adapter.matrices, whole.adapter);
    const uncached = await updates(await begin('towerUncached', ...set.slice(0, 2), 'training.chunkTokens=100000'), 1);
    assert.ok(Math.abs(uncached.losses[0]! - whole.losses[0]!) < 1e-5);
    assert.ok(Math.abs(uncached.norms[0]! / whole.norms[0]! - 1) < 1e-4);

    const { contract } = opened;
    await exportMerged('merged', { base: await openBaseFolder('base'), adapter, contract });
    await writeAdapter('untouched', withoutTower(adapter), { contract, keys: 'vision-language' });
    const page = { text: 'a page', images: [await imageInFile('pages/1.png')] };
    const embed = async (model: string, images: boolean, base?: string) => {
      const { encoder, close } = await openEncoder(model, { images, base });
      const shown = images ? [page, { text: 'a text' }] : [{ text: 'a text' }];
      const values = await encoder.encode('passage', shown);
      const identity = encoder.identity();
      await close();
      return { identity, rows: shown.map((_, row) => values.slice(row * 16, (row + 1) * 16)) };
    };
    const run = await embed('run:towerParts', true);
    const merged = await embed('merged', true);
    run.rows.forEach((row, index) => assertClose(merged.rows[index]!, row, 1e-5));
    assertClose((await embed('run:towerParts', false)).rows[0]!, run.rows[1]!, 1e-6);
    const untouched = await embed('untouched', true, resolve('base'));
    assertClose(untouched.rows[1]!, run.rows[1]!, 1e-6);
    assert.ok(untouched.rows[0]!.some((value, at) => Math.abs(value - run.rows[0]![at]!) > 1e-3));
    assert.notEqual(untouched.identity, run.identity);
  });

  it('refuses to learn in the vision tower from texts alone', async () => {
    writeFileSync('texts.jsonl', '{"query":"a","positive":"b","negative":["c","d"]}\n'.repeat(12));
    await importExamples(['texts.jsonl'], 'texts.arrow');
    const asked = {
      ...{ base: resolveBase(resolve('base')), recipe: 'demo', run: 'idle', adapter: undefined, allowContract: [] },
      data: [{ path: 'texts.arrow', weight: 1 }],
    };
    const ofTexts = imageSettings.filter((each) => !each.startsWith('image.'));
    await assert.rejects(
      openNewRun(engine, { ...asked, loaded: loadConfig('demo', [...ofTexts, 'lora.tower=true']) }),
      {
        name: 'UserError',
        message: 'lora.tower=true has no effect on training data without images; leave it out',
      },
    );
    const { adapter } = runFolder(runsRoot, 'towerParts');
    await assert.rejects(openNewRun(engine, { ...asked, adapter, loaded: loadConfig('demo', ofTexts) }), {
      name: 'UserError',
      message:
        /^the adapter .*adapter changes the vision tower, which training data without images cannot train; give it/,
    });
  });

  // The run was there by then, and its lock was held for as long as the process lived.
  it('leaves no run behind where the tower cannot be loaded', async () => {
    cpSync('base', 'towerless', { recursive: true });
    const file = 'towerless/model.safetensors';
    const bytes = readFileSync(file).toString('latin1').replaceAll('patch_embed', 'patch_other');
    writeFileSync(file, Buffer.from(bytes, 'latin1'));
    const opened = openNewRun(engine, {
      ...{
        base: resolveBase(resolve('towerless')),
        recipe: 'demo',
        run: 'towerless',
        adapter: undefined,
        allowContract: [],
      },
      ...{ loaded: loadConfig('demo', imageSettings), data: [{ path: 'rows.arrow', weight: 1 }] },
    });
    await assert.rejects(opened, /the weights lack the vision tower/);
    assert.ok(!existsSync(runFolder(runsRoot, 'towerless').folder));
  });

  it('is refused by a base without a vision tower, before anything is written', async () => {
    await writeTinyBase('texts');
    await assert.rejects(
      openNewRun(engine, {
        ...{ base: resolveBase(resolve('texts')), recipe: 'demo', run: 'texts', adapter: undefined, allowContract: [] },
        ...{ loaded: loadConfig('demo', imageSettings), data: [{ path: 'rows.arrow', weight: 1 }] },
      }),
      /the base in .*texts reads texts alone; images need one with a vision tower/,
    );
    assert.throws(() => readFileSync(runFolder(runsRoot, 'texts').config));
  });
});
