import assert from 'node:assert/strict';
import { resolveBase } from '../../../configs/load/resolveBase.js';
import { requireFastEngine } from '../../../model/describe/requireFastEngine.js';

const small = { hidden: 64, layers: 2, heads: 2, kvHeads: 1, headDim: 32, intermediate: 128, vocabularyRows: 1000 };
const shape = { ...small, tied: true, ropeTheta: 1e4, visionParameters: 0 };
const large = resolveBase('qwen-0.5b').file!.shape!;
const fallback = { isFallback: true, why: 'a C++ compiler was not found' };

describe('requireFastEngine', () => {
  // A run whose engine could not be set up was begun on WebAssembly, which took days that nobody had foreseen.
  it('refuses a base of some size on WebAssembly that nobody asked for, and says how to allow it', () => {
    assert.throws(() => requireFastEngine('training qwen-0.5b', large, fallback), {
      name: 'UserError',
      message:
        'training qwen-0.5b, 358 million weights, takes days on WebAssembly, and TensorFlow does not start ' +
        '(a C++ compiler was not found); npm run setup installs it, or let it take that long with TERCET_BACKEND=wasm',
    });
  });

  it('lets small bases work there, and any base on an engine that was asked for or that is the faster one', () => {
    requireFastEngine('training demo', shape, fallback);
    requireFastEngine('training a base of the hub', undefined, fallback);
    requireFastEngine('training qwen-0.5b', large, { isFallback: false, why: 'asked for by TERCET_BACKEND' });
  });
});
