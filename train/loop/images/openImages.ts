import { loadTower } from '../../../model/vision/loadTower.js';
import type { Contract } from '../../../configs/contract.js';
import type { RunConfig } from '../../../configs/schema.js';
import type { ExampleFile } from '../../../data/arrow/openExamples.js';
import { openImageReader, type ImageReader } from '../../../eval/encoder/imageReader.js';
import type { Model } from '../../../model/layer/decoder.js';
import type { Vision } from '../../../model/vision/openVision.js';
import type { TowerWeights } from '../../../model/vision/tower.js';
import { poolImages, type PoolImages } from './poolImages.js';
import { knownImages } from './knownImages.js';

/** What a run that reads images has beside its decoder. */
export interface RunImages {
  vision: Vision;
  tower: TowerWeights;
  pools: PoolImages;
  /** Reads those of tasks; `close` frees the tower and ends the threads of both. */
  reader: ImageReader;
}

/**
 * Load the vision tower and start the threads that decode.
 * @param model  learns how its places are turned, and which blocks its adapter may change
 */
export async function openRunImages(
  vision: Vision,
  model: Model,
  contract: Contract,
  { training }: RunConfig,
  files: readonly ExampleFile[],
): Promise<RunImages> {
  model.sections = vision.config.sections;
  const tower = await loadTower(model.folder, contract.precision, vision.config);
  model.tower = tower.blocks;
  const threads = training.tokenizerThreads;
  const reader = openImageReader(vision, tower, contract.image!, threads);
  const images = knownImages(files);
  const pools = poolImages(vision, tower, contract.image!, images, reader.prepare, threads + 1);
  return { vision, tower, pools, reader };
}
