import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projections } from '../../../configs/schema.js';
import { loadNativeBinding } from '../../../model/engine/native/loadNativeBinding.js';
import { compiledLayerBytes } from '../../../model/memory/compiledLayerBytes.js';
import { layerShapes, textLengths } from '../../gpu/layerShapes.js';
import { dumpModules, temporaryBytes, type DumpedLayer } from '../../gpu/withoutCard/dumpModules.js';
import { fullestMoments } from '../../gpu/withoutCard/fullestMoments.js';

const configOf = (name: string) => ({ ...layerShapes[name]!, layers: 2, vocabularySize: 1, ropeTheta: 1e4 });

describe('compiledLayerBytes', () => {
  it('counts what a layer of 7B holds on a card in the backward pass of its feed-forward half', () => {
    const facts = { config: configOf('7B'), weightBytes: 2, compiled: 'card' as const, longestText: 80 };
    // 106,496 bytes a token saved, 104,448 of gradients, 151,552 of tables; gate and up with their adapters once more; 32 MB
    // that cuBLAS works in
    assert.equal(compiledLayerBytes(facts, 16384), 362_496 * 16384 + 4 * 3584 * 18944 + 2 ** 25);
    // 16,000 tokens are filled up to as many rows.
    assert.equal(compiledLayerBytes(facts, 16_000), compiledLayerBytes(facts, 16384));
  });

  // A text of 2,048 tokens was planned with 1.01 GB of a layer of 7B, whose scores alone take 1.17.
  it('counts the scores of long texts', () => {
    const bytes = (longestText: number) =>
      compiledLayerBytes({ config: configOf('7B'), weightBytes: 2, compiled: 'card', longestText }, 4096);
    const scores = (time: number, texts: number) => texts * 28 * time ** 2 * 10; // in float32 twice, and in two bytes
    assert.equal(bytes(80), bytes(96));
    assert.ok(bytes(2048) > scores(2048, 2));
    assert.ok(bytes(4096) > scores(4096, 1));
  });

  /** As XLA tells of an H100: test/gpu/withoutCard/costs.ts, and what is held beside it by fullestMoments.ts. */
  it('is not below what XLA makes for an H100, nor twice as much', () => {
    const told: [shape: string, tokens: number, longest: number, weightBytes: number, megabytes: number][] = [
      ['7B', 16384, 80, 2, 5122.5],
      ['7B', 4096, 512, 2, 1302.3],
      ['7B', 2048, 2048, 2, 1306.9],
      ['0.5B', 4096, 80, 2, 333.6],
      ['0.5B', 2048, 2048, 2, 620.4],
      ['0.5B', 4096, 1024, 4, 823.1],
    ];
    for (const [shape, tokens, longestText, weightBytes, megabytes] of told) {
      const facts = { config: configOf(shape), weightBytes, compiled: 'card' as const, longestText };
      const planned = compiledLayerBytes(facts, tokens) / 1e6;
      assert.ok(planned > megabytes && planned < 2 * megabytes, `${shape} ${longestText}: ${planned} of ${megabytes}`);
    }
  });

  describe('on the processor', () => {
    let folder: string;
    before(function () {
      if (!loadNativeBinding().loaded) return this.skip();
      folder = mkdtempSync(join(tmpdir(), 'tercet-xla-'));
    });
    after(() => folder && rmSync(folder, { recursive: true }));

    const cases = [
      { shape: 'tiny', kind: 'float32', tokens: 256, lengths: '10,80,60' },
      { shape: '0.5B', kind: 'bfloat16', tokens: 1024, lengths: '1024' },
    ] as const;
    for (const { shape, kind, tokens, lengths } of cases)
      it(`is not below what XLA tells of a layer of shape ${shape} in ${kind}, nor twice as much`, () => {
        const texts = textLengths(lengths, tokens);
        const adapters = { targets: projections, rank: 8, scale: 2, rate: 0.1 };
        const layer: DumpedLayer = {
          shape: { ...layerShapes[shape]!, weights: kind, wide: kind, adapters },
          lengths: texts,
        };
        const functions = dumpModules(layer, folder);
        const held = fullestMoments(functions, (of) => temporaryBytes(folder, of)).map(({ bytes }) => bytes);
        const planned = compiledLayerBytes(
          {
            config: configOf(shape),
            weightBytes: kind === 'bfloat16' ? 2 : 4,
            compiled: 'processor',
            longestText: Math.max(...texts),
          },
          tokens,
        );
        const most = Math.max(...held);
        assert.ok(planned > most && planned < 2 * most, `${planned} of ${most}`);
      });
  });
});
