import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBaseFolder } from '../../../checkpoints/base/baseFolder.js';
import { readTensorBytes, toFloat32 } from '../../../checkpoints/tensors/safetensors.js';
import { encodeChunk } from '../../../model/pass/encodeChunk.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { disposeModel } from '../../../model/layer/decoder.js';
import type { Shape } from './shapes.js';
import { writeRandomBase } from './writeRandomBase.js';

const shape: Shape = {
  vocabularySize: 301,
  hidden: 48,
  intermediate: 80,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 12,
  ropeTheta: 1e6,
  normEpsilon: 1e-6,
  tied: false,
};

describe('writeRandomBase', () => {
  let parent: string;
  let folder: string;
  before(async () => {
    parent = mkdtempSync(join(tmpdir(), 'tercet-bench-'));
    folder = join(parent, 'base');
    await writeRandomBase(folder, shape, { seed: 1, eosId: 300, shardBytes: 50_000 });
  });
  after(() => rmSync(parent, { recursive: true }));

  const values = async (name: string, from = folder) => {
    const entry = (await openBaseFolder(from)).tensors.get(name)!;
    return toFloat32(await readTensorBytes(entry), entry.dtype);
  };

  it('writes shards that load as a model with finite embeddings of unit length', async () => {
    assert.ok(readdirSync(folder).filter((name) => name.endsWith('.safetensors')).length > 2);
    await startEngine();
    const model = await loadModel(folder, 'float32');
    const embeddings = encodeChunk(model, [Int32Array.of(5, 7, 300), Int32Array.of(9, 300)]);
    const numbers = embeddings.dataSync<'float32'>();
    for (const row of [0, 1]) {
      const length = Math.hypot(...numbers.subarray(row * shape.hidden, (row + 1) * shape.hidden));
      assert.ok(Math.abs(length - 1) < 1e-5, `length ${length}`);
    }
    embeddings.dispose();
    disposeModel(model);
  });

  it('draws weights from N(0, 0.02) and sets norms to one', async () => {
    const numbers = await values('model.embed_tokens.weight'); // 14,448 of them
    const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    const deviation = Math.sqrt(numbers.reduce((sum, value) => sum + value ** 2, 0) / numbers.length);
    const beyond = numbers.filter((value) => Math.abs(value) > 0.04).length / numbers.length;
    assert.ok(Math.abs(mean) < 0.02 * 0.05, `mean ${mean}`);
    assert.ok(Math.abs(deviation / 0.02 - 1) < 0.05, `deviation ${deviation}`);
    assert.ok(Math.abs(beyond - 0.0455) < 0.01, `share beyond two deviations ${beyond}`);
    assert.deepEqual(new Set(await values('model.norm.weight')), new Set([1]));
  });

  it('gives every tensor weights of its own, and the same ones again', async () => {
    const [q, o] = [
      await values('model.layers.0.self_attn.q_proj.weight'),
      await values('model.layers.0.self_attn.o_proj.weight'),
    ];
    assert.notDeepEqual(q, o);
    const again = `${folder}-again`;
    await writeRandomBase(again, shape, { seed: 1, eosId: 300 });
    assert.deepEqual(await values('model.layers.0.self_attn.q_proj.weight', again), q);
  });
});
