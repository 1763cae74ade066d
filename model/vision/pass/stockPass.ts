import { towerMatrixName, towerTargets } from '../../../checkpoints/adapter/names.js';
import type { PreparedImage } from '../../../data/image/imageRules.js';
import { forgetRows, sendRows } from '../../engine/dropoutMask.js';
import { tf } from '../../engine/tf.js';
import { rowsDropout, type Dropout } from '../../layer/dropout.js';
import { tapedGradients } from '../../pass/tapedGradients.js';
import { imageAreas } from '../imageAreas.js';
import { mostScores, towerBlock, type TowerWeights } from '../tower.js';
import type { VisionConfig } from '../visionConfig.js';
import type { TowerPass } from './towerPass.js';

/** Blocks in stock operations, on any engine; the gradient by a tape over each block. */
export function stockPass(
  image: Pick<PreparedImage, 'rows' | 'columns'>,
  tower: TowerWeights,
  config: VisionConfig,
  dropout: Dropout | undefined,
): TowerPass {
  const areas = imageAreas(image, config, tower.mostScores ?? mostScores);
  const dropped = dropout && sendRows(rowsDropout(dropout, image.rows * image.columns));
  const run = (x: tf.Tensor2D, block: number) => towerBlock(x, tower.blocks[block]!, areas.of(block), config, dropped);
  return {
    order: areas.order,
    run: (x, block) => tf.tidy(() => run(x, block)),
    backward(x, dY, block) {
      const adapters = towerTargets.flatMap((target) => {
        const { adapter } = tower.blocks[block]![target];
        const name = towerMatrixName(block, target);
        return adapter ? [[`${name}.lora_A`, adapter.a] as const, [`${name}.lora_B`, adapter.b] as const] : [];
      });
      const learning = adapters.map(([, matrix]) => matrix);
      const from = block > 0 ? [x] : [];
      const gradients = tf.tidy(() => tapedGradients(() => run(x, block), [...learning, ...from], dY));
      tf.dispose([x, dY]);
      const ofAdapters = new Map(adapters.map(([name], index) => [name, gradients[index]!]));
      return { dX: gradients[learning.length] as tf.Tensor2D | undefined, ofAdapters };
    },
    dispose() {
      if (dropped) forgetRows(dropped);
      areas.dispose();
    },
  };
}
