import assert from 'node:assert/strict';
import { towerTargets } from '../../../checkpoints/adapter/names.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import type { Gradients } from '../../../model/pass/encodeChunk.js';
import { atOnce } from '../../../model/pass/stepwise.js';
import { imageFeatures, pixelValues } from '../../../model/vision/imageFeatures.js';
import { fillTowerGradients, imageGradient } from '../../../model/vision/imageGradient.js';
import { loadTower } from '../../../model/vision/loadTower.js';
import { disposeTower } from '../../../model/vision/tower.js';
import { assertClose, tensorsAlive } from '../../assertions.js';
import type { TinyWeights } from '../../fixtures/writeTinyVision.js';
import { plainTower } from './plainTower.js';
import { image, openTinyTower, upstream } from './tinyTower.js';

type TinyTower = Awaited<ReturnType<typeof openTinyTower>>;

describe('imageGradient', () => {
  let folder: TinyTower['folder'];
  let weights: TinyTower['weights'];
  let vision: TinyTower['vision'];
  let tower: TinyTower['tower'];
  let adapter: TinyTower['adapter'];
  let parameters: TinyTower['parameters'];
  const { rows, columns } = { rows: image.rows / 2, columns: image.columns / 2 };
  let close: TinyTower['close'];

  before(async () => void ({ folder, weights, vision, tower, adapter, parameters, close } = await openTinyTower()));
  after(() => close());

  const gradientOf = (dropout?: { rate: number; seed: [number, number] }): Gradients => {
    const into: Gradients = new Map();
    const { config, values } = vision;
    atOnce(imageGradient(image, tower, config, values, upstream, into, dropout));
    return into;
  };

  /** The features times `upstream`, by the definition, with one number of the adapter moved. */
  function scoreByDefinition(name: string, half: 'a' | 'b', at: number, by: number): number {
    const moved: TinyWeights = new Map(weights);
    for (const [matrix, { a, b, inSize, outSize }] of adapter.matrices) {
      if (!matrix.startsWith('visual.')) continue;
      const own = { a: Float64Array.from(a), b: Float64Array.from(b) };
      if (matrix === name) own[half][at]! += by;
      const { shape, values } = weights.get(`${matrix}.weight`)!;
      const sum = Float64Array.from(values);
      for (let row = 0; row < outSize; row++)
        for (let column = 0; column < inSize; column++)
          for (let r = 0; r < 2; r++)
            sum[row * inSize + column]! += 2 * own.b[row * 2 + r]! * own.a[r * inSize + column]!;
      moved.set(`${matrix}.weight`, { shape, values: sum as never as Float32Array });
    }
    const inOrder = Int32Array.from({ length: rows * columns }, (_, token) => token);
    const values = [...pixelValues(image.patches, inOrder, vision.config, vision.values)];
    const pixels = Array.from({ length: rows * columns * 4 }, (_, patch) => values.slice(patch * 12, patch * 12 + 12));
    const features = plainTower(pixels, rows, columns, moved, vision.config).flat();
    return features.reduce((total, value, place) => total + value * upstream[place]!, 0);
  }

  it('is the slope of the definition, in every kind of layer', () => {
    const gradients = gradientOf();
    assert.equal(gradients.size, 2 * 5 * 3);
    for (const [name, half, at] of [
      ['visual.blocks.0.attn.qkv', 'a', 5],
      ['visual.blocks.0.attn.qkv', 'b', 40],
      ['visual.blocks.1.attn.qkv', 'b', 3],
      ['visual.blocks.1.attn.proj', 'a', 20],
      ['visual.blocks.0.mlp.gate_proj', 'a', 9],
      ['visual.blocks.1.mlp.up_proj', 'b', 30],
      ['visual.blocks.2.mlp.down_proj', 'b', 12],
    ] as const) {
      const step = 1e-4;
      const slope = (scoreByDefinition(name, half, at, step) - scoreByDefinition(name, half, at, -step)) / (2 * step);
      const found = gradients.get(`${name}.lora_${half.toUpperCase()}`)!.dataSync()[at]!;
      assert.ok(Math.abs(found - slope) < 1e-4 * (1 + Math.abs(slope)), `${name} ${half}: ${found}, not ${slope}`);
    }
    tf.dispose([...gradients.values()]);
  });

  it('drops the inputs of adapters that the features were made without', () => {
    const dropout: { rate: number; seed: [number, number] } = { rate: 0.3, seed: [7, 8] };
    const score = () => {
      const features = atOnce(imageFeatures(image, tower, vision.config, vision.values, dropout));
      return features.reduce((sum, value, at) => sum + value * upstream[at]!, 0);
    };
    const gradients = gradientOf(dropout);
    // Along its own direction the score rises by the square of the gradient's length.
    const moves = [...gradients].map(([name, gradient]) => ({ parameter: parameters.get(name)!, gradient }));
    const square = moves.reduce((sum, { gradient }) => sum + gradient.square().sum().dataSync()[0]!, 0);
    const step = 0.005 / Math.sqrt(square);
    const moved = (by: number) => {
      for (const { parameter, gradient } of moves) parameter.assign(parameter.add(gradient.mul(by)));
      return score();
    };
    const above = moved(step);
    const below = moved(-2 * step);
    moved(step);
    const rise = (above - below) / (2 * step);
    assert.ok(Math.abs(rise / square - 1) < 0.02, `${rise} for ${square}`);
    tf.dispose([...gradients.values()]);
  });

  it('has the same direction in bfloat16', async function () {
    if (!(await startEngine()).precisions.includes('bfloat16')) return this.skip();
    const exact = gradientOf();
    const rounded: Gradients = new Map();
    const coarse = await loadTower(folder, 'bfloat16', vision.config);
    coarse.blocks.forEach((block, at) => {
      for (const target of towerTargets) block[target].adapter = tower.blocks[at]![target].adapter!;
    });
    const { config, values } = vision;
    atOnce(imageGradient(image, coarse, config, values, upstream, rounded));
    const flat = (gradients: Gradients) =>
      [...gradients.keys()].sort().flatMap((name) => [...gradients.get(name)!.dataSync()]);
    const [one, other] = [flat(exact), flat(rounded)];
    const dot = (x: number[], y: number[]) => x.reduce((sum, value, at) => sum + value * y[at]!, 0);
    const cosine = dot(one, other) / Math.sqrt(dot(one, one) * dot(other, other));
    assert.ok(cosine > 0.999, `${cosine}`);
    for (const block of coarse.blocks) for (const target of towerTargets) delete block[target].adapter;
    disposeTower(coarse);
    tf.dispose([...exact.values(), ...rounded.values()]);
  });

  it('leaves nothing but its result on the device, also when it is given up', () => {
    const before = tensorsAlive();
    tf.dispose([...gradientOf().values()]);
    const work = imageGradient(image, tower, vision.config, vision.values, upstream, new Map());
    for (let step = 0; step < 3; step++) work.next(); // the blocks are run again, nothing is backpropagated yet
    assert.throws(() => work.throw(new Error('given up')), /given up/);
    assert.deepEqual(tensorsAlive(), before);
  });

  it('is zero for parameters that no image reached', () => {
    const into: Gradients = new Map();
    fillTowerGradients(parameters, into);
    assert.equal(into.size, 2 * 5 * 3);
    assertClose(into.get('visual.blocks.0.mlp.up_proj.lora_A')!, new Float32Array(2 * 16), 0);
    tf.dispose([...into.values()]);
  });
});
