import { tf } from '../../../model/engine/tf.js';
import { adamW } from '../../step/update/optimizer.js';
import { rateShare } from '../../step/update/schedule.js';
import { applyUpdate } from '../../step/update/update.js';
import { freshTower, type TrainableTower } from './demoTower.js';
import type { VisionSettings } from './demoVision.js';
import { pageAreas } from './pageAreas.js';
import { drawPages, type PageBatch, type Reading } from './pageBatches.js';
import { nearestRow, readingLoss, towerFeatures } from './readingLoss.js';
import type { ReadingTable } from './readingTable.js';

/**
 * Train a tower to read pages: to say for each token which word stands there, as the decoder reads words.
 * @param onUpdate  told the loss of each update, in nats a token
 * @param tower     what training starts from, and changes; fresh weights where left out
 * @returns         the tower; the caller owns its tensors
 */
export async function pretrainTower(
  reading: Reading,
  { rows }: Pick<ReadingTable, 'rows'>,
  { batch, seed, weightDecay, parts }: Omit<VisionSettings, 'tower' | 'sections'>,
  onUpdate: (update: number, loss: number) => void,
  tower = freshTower(reading.config, seed),
): Promise<TrainableTower> {
  const [names, variables] = [[...tower.parameters.keys()], [...tower.parameters.values()]];
  let done = 0;
  for (const { updates, warmupSteps, learningRate: peak, closeness } of parts) {
    const optimizer = adamW(tower.parameters, { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay });
    const draw = (update: number) => drawPages(batch, reading, seed, done + update);
    let next = draw(1);
    for (let update = 1; update <= updates; update++) {
      const drawn = await next;
      if (update < updates) next = draw(update + 1); // in threads, beside this update
      await new Promise(setImmediate); // starts them, and lets the progress bar draw and an interrupt through
      const { value, grads } = withPages(drawn, tower, (pixels, areas, targets) =>
        tf.valueAndGrads(() => readingLoss(tower, pixels, areas, rows, targets, closeness))(variables),
      );
      const learningRate = peak * rateShare({ kind: 'cosine', warmupSteps }, update, updates - 1); // 0 at the last
      const gradients = new Map(names.map((name, index) => [name, grads[index]!]));
      const { loss } = applyUpdate(gradients, [value], optimizer, { learningRate, maxGradNorm: 1, update });
      onUpdate(done + update, loss);
    }
    optimizer.dispose();
    done += updates;
  }
  return tower;
}

/** How much a tower reads: of the tokens in which a word stands the share whose feature lies nearest to that word's row. */
export async function readShare(
  tower: TrainableTower,
  reading: Reading,
  { rows }: Pick<ReadingTable, 'rows'>,
  { batches, pages, seed }: { batches: number; pages: number; seed: string },
): Promise<number> {
  let [right, all] = [0, 0];
  for (let batch = 0; batch < batches; batch++) {
    const drawn = await drawPages(pages, reading, seed, batch);
    const nearest = withPages(drawn, tower, (pixels, areas) =>
      tf.tidy(() => nearestRow(towerFeatures(tower, pixels, areas), rows).dataSync<'int32'>()),
    );
    for (const [token, target] of drawn.targets.entries()) {
      if (target === 0) continue;
      all++;
      if (nearest[token] === target) right++;
    }
  }
  return right / all;
}

function withPages<T>(
  drawn: PageBatch,
  { config }: TrainableTower,
  work: (pixels: tf.Tensor2D, areas: ReturnType<typeof pageAreas>, targets: tf.Tensor1D) => T,
): T {
  const pixels = tf.tensor2d(drawn.pixels, [drawn.targets.length * config.merge ** 2, 3 * config.patch ** 2]);
  const targets = tf.tensor1d(drawn.targets, 'int32');
  const areas = pageAreas(drawn, config);
  try {
    return work(pixels, areas, targets);
  } finally {
    tf.dispose([pixels, targets]);
    areas.dispose();
  }
}
