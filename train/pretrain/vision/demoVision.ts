import type { VisionConfig } from '../../../model/vision/visionConfig.js';
import { demoSettings } from '../demoSettings.js';

interface TrainingPart {
  updates: number;
  warmupSteps: number;
  learningRate: number;
  /** Weight of the squared distance of features to their rows. */
  closeness: number;
}

export interface VisionSettings {
  /** What of the tower is free; the rest the decoder decides, or Qwen2.5-VL. */
  tower: Pick<VisionConfig, 'hidden' | 'intermediate' | 'blocks' | 'heads' | 'fullBlocks'>;
  /** Rotary frequencies of the decoder that turn by time, row and column. */
  sections: VisionConfig['sections'];
  seed: number;
  /** Pages an update. */
  batch: number;
  /**
   * Told apart first, words are then brought to where the decoder has them. Without the second part features lie dozens of
   * rows' lengths away from any, and the decoder makes little of them.
   */
  parts: [TrainingPart, TrainingPart];
  weightDecay: number;
}

/** The demonstration's vision tower: Qwen2.5-VL's in small, 0.3 million weights. */
export const visionSettings: VisionSettings = {
  tower: { hidden: 64, intermediate: 96, blocks: 3, heads: 4, fullBlocks: [2] },
  sections: [4, 6, 6], // of 16, in the shares of the release
  seed: 1,
  batch: 16,
  parts: [
    { updates: 6000, warmupSteps: 100, learningRate: 2e-3, closeness: 0 },
    { updates: 2500, warmupSteps: 50, learningRate: 2e-3, closeness: 3 },
  ],
  weightDecay: 0.05,
};

/** Ids of the tokens around and in the place of an image: those behind the tokenizer's own. */
export const visionTokens = ['<|vision_start|>', '<|vision_end|>', '<|image_pad|>'] as const;

/** The tower's shape for the demonstration's decoder. */
export function towerConfig({ tower, sections }: Pick<VisionSettings, 'tower' | 'sections'>): VisionConfig {
  const { vocabularySize, hidden } = demoSettings.model;
  const [startId, endId, imageId] = visionTokens.map((_, index) => vocabularySize + index);
  return {
    ...tower,
    headDim: tower.hidden / tower.heads,
    ...{ patch: 14, merge: 2, window: 4 }, // as in every release
    out: hidden,
    sections,
    ...{ startId, endId, imageId: imageId! },
  };
}
