import { towerMatrixName, type TowerTarget } from '../../../checkpoints/adapter/names.js';
import type { PreparedImage } from '../../../data/image/imageRules.js';
import { tf } from '../../engine/tf.js';
import { nothingDropped, packedRows, rowsDropout, type Dropout } from '../../layer/dropout.js';
import {
  blockGradient,
  forwardBlock,
  groupOf,
  runBlock,
  type FusedBlock,
  type PackedChunk,
} from '../../layer/fused/fusedBlock.js';
import type { Gradients } from '../../layer/stackedLora.js';
import { patchTurns } from '../imageAreas.js';
import { tokenGrid, towerEpsilon, type BlockWeights, type TowerWeights } from '../tower.js';
import type { VisionConfig } from '../visionConfig.js';
import { windowOrder, type WindowOrder } from '../windows.js';
import type { TowerPass } from './towerPass.js';

/** Blocks in the fused operations of the processor: windows are texts there in which all places see each other. */
export function fusedPass(
  image: Pick<PreparedImage, 'rows' | 'columns'>,
  tower: TowerWeights,
  config: VisionConfig,
  dropout: Dropout | undefined,
): TowerPass {
  const { rows, columns } = tokenGrid(image, config);
  const windows = windowOrder(rows, columns, config);
  const { cos, sin } = patchTurns(windows.order, columns, config, 1);
  const dropped = packedRows(dropout ? rowsDropout(dropout, image.rows * image.columns) : nothingDropped);
  const seeing = (starts: number[]): PackedChunk => {
    const inPatches = starts.map((token) => token * config.merge ** 2);
    return {
      places: { cosines: cos, sines: sin, starts: tf.tensor1d(inPatches, 'int32'), isCausal: false },
      config: { heads: config.heads, kvHeads: config.heads, normEpsilon: towerEpsilon },
      dropout: { all: dropped, last: dropped },
    };
  };
  const inWindows = seeing(windowStarts(windows));
  const whole = seeing([0, windows.order.length]);
  const chunkOf = (block: number) => (config.fullBlocks.includes(block) ? whole : inWindows);
  const blocks = tower.blocks.map(blockOf);
  return {
    order: windows.order,
    run: (x, block) => tf.tidy(() => runBlock(x, blocks[block]!, chunkOf(block))),
    backward(x, dY, block) {
      const { dX, ...made } = tf.tidy(() => {
        const into: Gradients = new Map();
        const activations = forwardBlock(x, blocks[block]!, chunkOf(block));
        const nameOf = (target: string) => towerMatrixName(block, target as TowerTarget);
        const wanted = { only: undefined, needsInput: block > 0 };
        const dX = blockGradient(dY, activations, blocks[block]!, chunkOf(block), into, nameOf, wanted);
        return { ...Object.fromEntries(into), ...(dX && { dX }) };
      });
      return { dX, ofAdapters: new Map(Object.entries(made)) };
    },
    dispose: () => tf.dispose([cos, sin, dropped.keys, inWindows.places.starts, whole.places.starts]),
  };
}

/** The first token of each window, and the end of the last one. */
const windowStarts = ({ order, classes }: WindowOrder): number[] => [
  ...classes.flatMap(({ start, windows, tokens }) =>
    Array.from({ length: windows }, (_, window) => start + window * tokens),
  ),
  order.length,
];

const blockOf = (weights: BlockWeights): FusedBlock => ({
  attentionNorm: weights.norm1,
  feedForwardNorm: weights.norm2,
  qkv: groupOf(weights, 'qkv'),
  out: groupOf(weights, 'proj'),
  gateUp: groupOf(weights, 'gate', 'up'),
  down: groupOf(weights, 'down'),
});
