import { UserError } from '../../configs/userError.js';
import type { PreparedImage } from '../../data/image/imageRules.js';
import { isOutOfMemory } from '../engine/native/isOutOfMemory.js';
import type { Stepwise } from '../pass/stepwise.js';
import { tokenGrid, type TowerWeights } from './tower.js';
import type { VisionConfig } from './visionConfig.js';

/**
 * Work of the tower on an image that gives way when the engine says that memory has run out: it is done over with
 * attention of fewer heads at a time, as is all that comes after it. Fused operations have nothing to give.
 * @param tower  changed in place
 * @param work   frees what it holds when it fails, and adds to nothing before it is done
 * @throws UserError when nothing smaller is left to try
 */
export function* towerWithinMemory<T>(
  image: Pick<PreparedImage, 'rows' | 'columns'>,
  tower: TowerWeights,
  config: VisionConfig,
  work: () => Stepwise<T>,
): Stepwise<T> {
  const ofOneHead = (image.rows * image.columns) ** 2;
  for (;;)
    try {
      return yield* work();
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      const { mostScores } = tower;
      if (mostScores === undefined || mostScores <= ofOneHead) {
        const { rows, columns } = tokenGrid(image, config);
        throw new UserError(
          `memory has run out with an image of ${rows * columns} tokens in the vision tower; free some, or lower image.maxPixels`,
        );
      }
      tower.mostScores = Math.max(ofOneHead, Math.floor(Math.min(mostScores, config.heads * ofOneHead) / 2));
    }
}
