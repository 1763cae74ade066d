import type { PretrainSettings } from './pretrain.js';

/** The demonstration's base: a Qwen2.5 decoder in small, 3.7 million weights, 7.4 MB in bfloat16. */
export const demoSettings: PretrainSettings = {
  model: {
    vocabularySize: 4096,
    hidden: 256,
    intermediate: 640,
    layers: 4,
    heads: 8,
    kvHeads: 2,
    headDim: 32,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
  },
  seed: 1,
  batch: 32,
  time: 128,
  updates: 1500,
  warmupSteps: 100,
  learningRate: 3e-3,
  weightDecay: 0.1,
};
