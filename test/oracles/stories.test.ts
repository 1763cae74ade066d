import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hiddenStates } from '../../model/pass/encodeChunk.js';
import { startEngine } from '../../model/engine/startEngine.js';
import { loadModel } from '../../model/load/loadModel.js';
import { disposeModel } from '../../model/layer/decoder.js';

/** A trained model of 260,000 weights in Qwen2 layout, with the hidden states of every place by another implementation. */
const folder = join(process.env['ORACLES'] ?? '../shared/data', 'models/stories260K');

describe('a trained model in Qwen2 layout', function () {
  before(async function () {
    if (!existsSync(folder)) {
      console.log(`skipped: no model at ${folder}`);
      this.skip();
    }
    await startEngine();
  });

  it('gives the hidden states of the reference within 1e-4 at every place', async () => {
    const references = JSON.parse(readFileSync(join(folder, 'reference_hidden_and_logits.json'), 'utf8')) as {
      ids: number[];
      hidden: number[][];
    }[];
    const model = await loadModel(join(folder, 'hf_qwen2_zero_bias'), 'float32');
    for (const { ids, hidden } of references) {
      const states = hiddenStates(model, [Int32Array.from(ids)]);
      const found = states.dataSync();
      states.dispose();
      const expected = hidden.flat();
      assert.equal(found.length, expected.length);
      expected.forEach((value, index) =>
        assert.ok(Math.abs(found[index]! - value) <= 1e-4, `number ${index}: ${found[index]} against ${value}`),
      );
    }
    disposeModel(model);
  });
});
