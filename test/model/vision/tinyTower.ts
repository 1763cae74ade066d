import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../../data/random.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { disposeModel } from '../../../model/layer/decoder.js';
import { attachAdapter, freshAdapter } from '../../../model/layer/lora.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { loadTower } from '../../../model/vision/loadTower.js';
import { openVision } from '../../../model/vision/openVision.js';
import { disposeTower } from '../../../model/vision/tower.js';
import { writeTinyVision } from '../../fixtures/writeTinyVision.js';

const random = seededRandom('image gradient');
const [rows, columns] = [3, 2]; // a whole window and one at the bottom edge
const patches = Uint8Array.from({ length: rows * columns * 4 * 12 }, () => Math.floor(random() * 256));

/** An image of noise, of 3 x 2 tokens. */
export const image = { height: rows * 4, width: columns * 4, rows: rows * 2, columns: columns * 2, patches };
/** A gradient for its features. */
export const upstream = Float32Array.from({ length: rows * columns * 16 }, () => 2 * random() - 1);

/** The tower of `writeTinyVision` with an adapter on it whose matrices are all without zeros. Freed by `close`. */
export async function openTinyTower() {
  await startEngine();
  const folder = await mkdtemp(join(tmpdir(), 'tercet-'));
  const weights = await writeTinyVision(folder);
  const vision = await openVision(folder, { idOf: () => undefined });
  const tower = await loadTower(folder, 'float32', vision.config);
  const model = { ...(await loadModel(folder, 'float32')), tower: tower.blocks };
  const adapter = freshAdapter(model, { rank: 2, alpha: 4, dropout: 0.3, targets: ['q'], tower: true }, 1);
  for (const { b } of adapter.matrices.values()) b.forEach((_, at) => (b[at] = 0.2 * (2 * random() - 1)));
  const parameters = attachAdapter(model, adapter);
  const close = async () => {
    disposeTower(tower);
    disposeModel(model);
    await rm(folder, { recursive: true, force: true });
  };
  return { folder, weights, vision, tower, adapter, parameters, close };
}
