import { isInTower } from '../../checkpoints/adapter/names.js';
import type { PreparedImage } from '../../data/image/imageRules.js';
import { tf } from '../engine/tf.js';
import type { Dropout } from '../layer/dropout.js';
import type { Parameters } from '../layer/lora.js';
import { addGradient, type Gradients } from '../layer/stackedLora.js';
import { imagePatches, type ColourValues } from './imageFeatures.js';
import type { Stepwise } from '../pass/stepwise.js';
import { tapedGradients } from '../pass/tapedGradients.js';
import { openTowerPass } from './pass/openTowerPass.js';
import { towerWithinMemory } from './towerWithinMemory.js';
import { mergePatches, type TowerWeights } from './tower.js';
import type { VisionConfig } from './visionConfig.js';

/**
 * Send the gradient of an image's features back through the tower, to its adapters. The blocks are run again for their
 * inputs; each is then computed once more for its gradient, so that no more than one block's intermediates are ever alive.
 * Gives way where memory runs out.
 * @param upstream  gradient for the features, [tokens, out] row by row, on the host
 * @param dropout   that the features were made with
 * @param into      gradients of the tower's adapters are added to what is there, by name, all of them or none
 * @throws UserError when the image does not fit
 */
export function* imageGradient(
  image: PreparedImage,
  tower: TowerWeights,
  config: VisionConfig,
  values: ColourValues,
  upstream: Float32Array,
  into: Gradients,
  dropout?: Dropout,
): Stepwise<void> {
  const made = yield* towerWithinMemory(image, tower, config, () =>
    gradients(image, tower, config, values, upstream, dropout),
  );
  for (const [name, gradient] of made) addGradient(into, name, gradient);
}

function* gradients(
  image: PreparedImage,
  tower: TowerWeights,
  config: VisionConfig,
  values: ColourValues,
  upstream: Float32Array,
  dropout: Dropout | undefined,
): Stepwise<Gradients> {
  const pass = openTowerPass(image, tower, config, dropout);
  const made: Gradients = new Map();
  let isDone = false;
  const states: tf.Tensor2D[] = [];
  let dState: tf.Tensor2D | undefined;
  try {
    states.push(imagePatches(image, pass.order, tower, config, values));
    for (const block of tower.blocks.keys()) {
      states.push(pass.run(states.at(-1)!, block));
      yield;
    }
    const top = states.at(-1)!;
    dState = tf.tidy(() => {
      const dFeatures = tf.tensor2d(inWindows(upstream, pass.order, config.out), [pass.order.length, config.out]);
      const merge = (x: tf.Tensor) => mergePatches(x as tf.Tensor2D, tower, config);
      return tapedGradients(merge, [top], dFeatures)[0] as tf.Tensor2D;
    });
    states.pop()!.dispose();
    for (let block = tower.blocks.length - 1; block >= 0; block--) {
      const { dX, ofAdapters } = pass.backward(states.at(-1)!, dState!, block);
      states.pop();
      dState = dX;
      for (const [name, gradient] of ofAdapters) made.set(name, gradient);
      yield;
    }
    isDone = true;
    return made;
  } finally {
    tf.dispose([...states, ...(dState ? [dState] : []), ...(isDone ? [] : made.values())]);
    pass.dispose();
  }
}

/** Parameters of the tower that nothing was backpropagated to have a gradient of zeros. */
export function fillTowerGradients(parameters: Parameters, into: Gradients): void {
  for (const [name, { shape }] of parameters) if (isInTower(name) && !into.has(name)) into.set(name, tf.zeros(shape));
}

/** Rows in the order of windows. */
function inWindows(rows: Float32Array, order: Int32Array, width: number): Float32Array {
  const out = new Float32Array(rows.length);
  order.forEach((place, row) => out.set(rows.subarray(place * width, (place + 1) * width), row * width));
  return out;
}
