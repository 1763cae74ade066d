import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { encodingBytes, encodingTokens } from '../../../model/memory/encodingTokens.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { capabilities } from '../../../model/engine/capabilities.js';
import { tinyQwen2 } from '../../fixtures/tinyQwen2.js';

const at = (path: string) => JSON.stringify(new URL(`../../../${path}`, import.meta.url).href);

/** Run on WebAssembly. @returns what `tell` was given */
function onWasm(script: string): unknown {
  const whole = `
    const { startEngine } = await import(${at('model/engine/startEngine.ts')});
    const { tf } = await import(${at('model/engine/tf.ts')});
    const { wasmBackend, unsetTensor } = await import(${at('model/engine/wasm/wasmBackend.ts')});
    const { loadModel } = await import(${at('model/load/loadModel.ts')});
    const { encodeChunk } = await import(${at('model/pass/encodeChunk.ts')});
    const { encodingBytes, encodingTokens } = await import(${at('model/memory/encodingTokens.ts')});
    await startEngine();
    const { wasm } = wasmBackend();
    const model = await loadModel(${JSON.stringify(tinyQwen2.path('sharded'))}, 'float32');
    const tell = (value) => console.log(JSON.stringify(value));
    ${script}`;
  const flags = ['--import', 'tsx', '--input-type=module', '-e', whole];
  const env = { ...process.env, TERCET_BACKEND: 'wasm' };
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8', env });
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

describe('encodingTokens', () => {
  it('counts scores, hidden states and heads of each token, and the mask and rotary tables of all', () => {
    const config = {
      ...{ vocabularySize: 100, hidden: 10, intermediate: 20, layers: 2, heads: 2, kvHeads: 1, headDim: 4 },
      ...{ ropeTheta: 1e4, normEpsilon: 1e-6 },
    };
    const shared = (time: number) => 4 * (2 * time * time + 2 * time * 4);
    assert.deepEqual(encodingBytes(config, 5), {
      shared: shared(5),
      perToken: 4 * (5 * 20 + 6 * 10 + 3 * 8 + 2 * 4), // behind the feed-forward half
    });
    assert.deepEqual(encodingBytes(config, 100), {
      shared: shared(100),
      perToken: 4 * (3 * 2 * 100 + 2 * 10 + 4 * (8 + 4)), // where attention is scored
    });
  });

  it('takes what was asked for on an engine that addresses all memory', async function () {
    await startEngine();
    if (capabilities().mostBytes < Infinity) this.skip();
    assert.equal(encodingTokens({ config: {} as never }, 16384, 512), 16384);
  });

  it('foresees what encoding takes on WebAssembly, a third more at most', () => {
    const found = onWasm(`
      const live = new Map();
      let [now, peak] = [0, 0];
      const { _malloc, _free } = wasm;
      wasm._malloc = (bytes) => {
        const address = _malloc(bytes);
        live.set(address, bytes);
        peak = Math.max(peak, (now += bytes));
        return address;
      };
      wasm._free = (address) => {
        now -= live.get(address) ?? 0;
        live.delete(address);
        _free(address);
      };
      const found = [];
      for (const [rows, time] of [[8, 16], [4, 64], [2, 300]]) {
        const texts = Array.from({ length: rows }, () => new Int32Array(time).fill(1));
        encodeChunk(model, texts).dispose();
        const before = (peak = now);
        encodeChunk(model, texts).dispose();
        const { shared, perToken } = encodingBytes(model.config, time);
        found.push([peak - before, shared + rows * time * perToken]);
      }
      tell(found);`) as [number, number][];
    assert.equal(found.length, 3);
    for (const [taken, foreseen] of found)
      assert.ok(taken <= foreseen + 2000 && foreseen < 1.34 * taken, `${taken} were taken, ${foreseen} foreseen`);
  });

  // Texts were encoded 16,384 tokens at a time whatever was free in WebAssembly's 4 GiB: the work ended midway in one line.
  it('encodes fewer tokens at a time where WebAssembly is nearly full', () => {
    const found = onWasm(`
      const { modelEncoder } = await import(${at('eval/encoder/encoder.ts')});
      const held = Array.from({ length: 13 }, () => unsetTensor([2 ** 26])); // 3.5 GB, whose pages nothing writes
      const time = 2000;
      const text = new Int32Array(time).fill(1);
      const tokens = encodingTokens(model, 16384, time);
      const threads = { tokenize: async (_, texts) => texts.map(() => text) };
      const encoder = modelEncoder('tiny', model, threads, {}, 16384);
      const vectors = await encoder.encode('passage', Array.from({ length: 8 }, () => ({ text: 'text' })));
      let whole;
      try {
        encodeChunk(model, Array.from({ length: 8 }, () => text));
      } catch ({ message }) {
        whole = message;
      }
      tell({ held: held.length, tokens, rows: vectors.length / model.config.hidden, whole });`) as Record<
      string,
      unknown
    >;
    assert.equal(found['rows'], 8);
    assert.ok(
      (found['tokens'] as number) >= 2000 && (found['tokens'] as number) < 16000,
      `${String(found['tokens'])} tokens`,
    );
    assert.match(found['whole'] as string, /WebAssembly is out of memory/);
  });
});
