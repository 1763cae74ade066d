import type { PreparedImage } from '../../../data/image/imageRules.js';
import type { Dropout } from '../../layer/dropout.js';
import { holdsNoScores, type TowerWeights } from '../tower.js';
import type { VisionConfig } from '../visionConfig.js';
import { fusedPass } from './fusedPass.js';
import { stockPass } from './stockPass.js';
import type { TowerPass } from './towerPass.js';

/**
 * Make ready for an image: tables and what is dropped.
 * @param dropout  of the inputs of the tower's adapters, drawn for this image
 */
export const openTowerPass = (
  image: Pick<PreparedImage, 'rows' | 'columns'>,
  tower: TowerWeights,
  config: VisionConfig,
  dropout?: Dropout,
): TowerPass => (holdsNoScores(tower) ? fusedPass : stockPass)(image, tower, config, dropout);
