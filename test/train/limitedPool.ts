// Prints the loss of one pool of the demonstration base, the sum of squares of its gradient, and the chunk sizes that
// training went down to, from that of the argument. Run with TF_CPU_BFC_MEM_LIMIT_IN_MB to let memory run out.
import { startEngine } from '../../model/engine/startEngine.js';
import type { Gradients } from '../../model/pass/encodeChunk.js';
import { loadModel } from '../../model/load/loadModel.js';
import { attachAdapter, freshAdapter } from '../../model/layer/lora.js';
import { onceEach } from '../../data/stream/candidateCounts.js';
import { atOnce } from '../../model/pass/stepwise.js';
import { poolWithinMemory } from '../../train/step/poolWithinMemory.js';

await startEngine({ backend: 'tensorflow' });
const model = await loadModel('configs/bases/demo', 'float32');
const adapter = freshAdapter(model, { rank: 4, alpha: 8, dropout: 0, targets: ['q', 'v', 'down'] }, 1);
const parameters = attachAdapter(model, adapter);
const texts = (count: number, tokens: number, first: number) =>
  Array.from({ length: count }, (_, text) =>
    Int32Array.from({ length: tokens }, (_, index) => (first + text * 131 + index * 17) % 4000),
  );
const pool = {
  queries: texts(4, 12, 0),
  passages: texts(48, 60, 7),
  targets: [0, 1, 2, 3],
  counts: onceEach(4, 48),
};
const sizes: number[] = [];
const gradients: Gradients = new Map();
const plan = { chunkTokens: Number(process.argv[2] ?? 4096), keptBytes: 1e9, savedLayers: 0 };
const onLess = (chunkTokens: number) => sizes.push(chunkTokens);
const work = poolWithinMemory(
  model,
  pool,
  parameters,
  { temperature: 0.05, dropout: { rate: 0.1, seed: [1, 2] } },
  plan,
  gradients,
  onLess,
);
const loss = atOnce(work);
const squares = [...gradients.values()].map((gradient) => gradient.square().sum().dataSync()[0]!);
const gradient = squares.reduce((sum, square) => sum + square, 0);
console.log(JSON.stringify({ loss: loss.dataSync()[0], gradient, sizes }));
