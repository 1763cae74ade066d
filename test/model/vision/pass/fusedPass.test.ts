import assert from 'node:assert/strict';
import { capabilities } from '../../../../model/engine/capabilities.js';
import { tf } from '../../../../model/engine/tf.js';
import type { Gradients } from '../../../../model/pass/encodeChunk.js';
import { atOnce } from '../../../../model/pass/stepwise.js';
import { imageFeatures } from '../../../../model/vision/imageFeatures.js';
import { imageGradient } from '../../../../model/vision/imageGradient.js';
import { towerBytes } from '../../../../model/memory/towerBytes.js';
import { mostScores } from '../../../../model/vision/tower.js';
import { seededRandom } from '../../../../data/random.js';
import { assertClose, tensorsAlive } from '../../../assertions.js';
import { openTinyTower } from '../tinyTower.js';

type TinyTower = Awaited<ReturnType<typeof openTinyTower>>;

/** Of TensorFlow.js: is told of each tensor that is made. */
interface Tracking {
  trackTensor(...made: unknown[]): void;
}

describe('fusedPass', () => {
  let tiny: TinyTower;
  before(async function () {
    tiny = await openTinyTower();
    if (capabilities().fusedOps) return;
    console.log('skipped: the fused operations are for TensorFlow on the processor');
    this.skip();
  });
  after(() => tiny.close());

  /** Noise of so many tokens, and a gradient for its features. */
  function drawn(rows: number, columns: number) {
    const random = seededRandom('fused pass', rows, columns);
    const patches = Uint8Array.from({ length: rows * columns * 4 * 12 }, () => Math.floor(random() * 256));
    const upstream = Float32Array.from({ length: rows * columns * 16 }, () => 2 * random() - 1);
    return { image: { height: rows * 4, width: columns * 4, rows: rows * 2, columns: columns * 2, patches }, upstream };
  }

  const dropout = { rate: 0.3, seed: [7, 8] as [number, number] };

  /** The features of an image and all gradients, with scores held or without. */
  function passOf(rows: number, columns: number, isDropping: boolean, scores: number | undefined) {
    const { tower, vision } = tiny;
    const { image, upstream } = drawn(rows, columns);
    const drops = isDropping ? dropout : undefined;
    tower.mostScores = scores;
    try {
      const features = atOnce(imageFeatures(image, tower, vision.config, vision.values, drops));
      const into: Gradients = new Map();
      atOnce(imageGradient(image, tower, vision.config, vision.values, upstream, into, drops));
      const gradients = new Map([...into].map(([name, gradient]) => [name, Float32Array.from(gradient.dataSync())]));
      tf.dispose([...into.values()]);
      return { features, gradients };
    } finally {
      tower.mostScores = undefined;
    }
  }

  // Windows have two tokens a side: whole ones, some cut at one edge or both, one that the image does not fill, and images
  // of several windows whose patches are no multiple of what a register holds.
  for (const [rows, columns, isDropping] of [
    [4, 4, false],
    [5, 3, true],
    [1, 5, false],
    [1, 1, true],
    [9, 7, true],
  ] as const)
    it(`gives what stock operations give for ${rows} x ${columns} tokens${isDropping ? ', adapters dropping inputs' : ''}`, () => {
      const [fused, stock] = [undefined, mostScores].map((scores) => passOf(rows, columns, isDropping, scores)) as [
        ReturnType<typeof passOf>,
        ReturnType<typeof passOf>,
      ];
      assertClose(fused.features, stock.features, 3e-6);
      assert.deepEqual([...fused.gradients.keys()].sort(), [...stock.gradients.keys()].sort());
      assert.equal(fused.gradients.size, 2 * 5 * 3);
      for (const [name, gradient] of fused.gradients) {
        const wanted = stock.gradients.get(name)!;
        const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        assertClose(gradient, wanted, 1e-5 * largest);
      }
    });

  // The fullest moment was taken for a block on its way back, where it is the merger: a sixth was missing.
  it('holds no more than is planned for a tower that learns, and nearly that', () => {
    const { tower, vision } = tiny;
    const { image, upstream } = drawn(16, 16);
    const engine = tf.engine() as unknown as Tracking;
    const track = engine.trackTensor.bind(engine);
    const before = tf.memory().numBytes;
    let peak = 0;
    engine.trackTensor = (...made) => {
      track(...made);
      peak = Math.max(peak, tf.memory().numBytes - before);
    };
    const into: Gradients = new Map();
    try {
      atOnce(imageGradient(image, tower, vision.config, vision.values, upstream, into));
    } finally {
      engine.trackTensor = track;
      tf.dispose([...into.values()]);
    }
    const planned = towerBytes(vision.config, 4, 256, 0, { isAdapted: true, isFused: true }).working;
    assert.ok(peak <= 1.02 * planned && peak > 0.9 * planned, `${peak} bytes where ${planned} are planned`);
  });

  it('gives the same bits again', () => {
    const [first, second] = [passOf(9, 7, true, undefined), passOf(9, 7, true, undefined)];
    assert.deepEqual(first, second);
  });

  it('ends at once where memory runs out, having nothing to give, and leaves nothing on the device', () => {
    const { tower, vision } = tiny;
    const { image, upstream } = drawn(3, 2);
    const refusal = { name: 'UserError', message: /^memory has run out with an image of 6 tokens in the vision tower/ };
    const before = tensorsAlive();
    for (const turns of [1, 2, 3, 5]) {
      const work = imageGradient(image, tower, vision.config, vision.values, upstream, new Map());
      for (let turn = 0; turn < turns; turn++) work.next();
      assert.throws(() => work.throw(new Error('OOM when allocating tensor')), refusal);
    }
    assert.deepEqual(tensorsAlive(), before);
  });
});
