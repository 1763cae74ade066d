import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../../data/random.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { disposeModel, type Model } from '../../../model/layer/decoder.js';
import { attachAdapter, freshAdapter, type Parameters } from '../../../model/layer/lora.js';
import { loadModel } from '../../../model/load/loadModel.js';
import type { Gradients } from '../../../model/pass/encodeChunk.js';
import { inTurns, type Stepwise } from '../../../model/pass/stepwise.js';
import { imageFeatures } from '../../../model/vision/imageFeatures.js';
import { imageGradient } from '../../../model/vision/imageGradient.js';
import { loadTower } from '../../../model/vision/loadTower.js';
import { openVision, type Vision } from '../../../model/vision/openVision.js';
import { disposeTower, mostScores, type TowerWeights } from '../../../model/vision/tower.js';
import { assertClose, tensorsAlive } from '../../assertions.js';
import { writeTinyVision } from '../../fixtures/writeTinyVision.js';

// The tower's passes gave way to nothing: a run ended where its decoder would have gone on in smaller chunks.
describe('the tower where memory runs out', () => {
  let folder = '';
  let vision: Vision;
  let tower: TowerWeights;
  let model: Model;
  let parameters: Parameters;
  const [rows, columns] = [3, 2];
  const random = seededRandom('within memory');
  const patches = Uint8Array.from({ length: rows * columns * 4 * 12 }, () => Math.floor(random() * 256));
  const image = { height: rows * 4, width: columns * 4, rows: rows * 2, columns: columns * 2, patches };
  const upstream = Float32Array.from({ length: rows * columns * 16 }, () => 2 * random() - 1);

  before(async () => {
    await startEngine();
    folder = await mkdtemp(join(tmpdir(), 'tercet-'));
    await writeTinyVision(folder);
    vision = await openVision(folder, { idOf: () => undefined });
    tower = await loadTower(folder, 'float32', vision.config);
    model = { ...(await loadModel(folder, 'float32')), tower: tower.blocks };
    const adapter = freshAdapter(model, { rank: 2, alpha: 4, dropout: 0, targets: ['q'], tower: true }, 1);
    for (const { b } of adapter.matrices.values()) b.forEach((_, at) => (b[at] = 0.2 * (2 * random() - 1)));
    parameters = attachAdapter(model, adapter);
  });
  after(async () => {
    disposeTower(tower);
    disposeModel(model);
    await rm(folder, { recursive: true, force: true });
  });

  const oom = new Error('OOM when allocating tensor');
  /** Do work of which memory runs out in some turns. @returns its result and the turns it took */
  async function done<T>(work: Stepwise<T>, runsOut: (turn: number) => boolean) {
    let turns = 0;
    const result = await inTurns(work, () => (runsOut(turns++) ? oom : undefined), 0);
    return { result, turns };
  }
  const features = () => imageFeatures(image, tower, vision.config, vision.values);

  it('goes on with fewer heads at a time, to the same features', async () => {
    const enough = await done(features(), () => false);
    const before = tensorsAlive();
    for (let turn = 0; turn < enough.turns; turn++) {
      tower.mostScores = mostScores;
      assertClose((await done(features(), (now) => now === turn)).result, enough.result, 1e-6);
      assert.equal(tower.mostScores, 24 ** 2, 'one of two heads, over 24 patches');
    }
    assert.deepEqual(tensorsAlive(), before);
  });

  it('adds the gradient of an image once, however often it was begun', async () => {
    const gradients = async (runsOut: (turn: number) => boolean) => {
      tower.mostScores = mostScores;
      const into: Gradients = new Map([...parameters].map(([name, { shape }]) => [name, tf.ones(shape)]));
      const { config, values } = vision;
      const work = imageGradient(image, tower, config, values, upstream, parameters, into);
      const { turns } = await done(work, runsOut);
      const numbers = [...into.values()].flatMap((gradient) => [...gradient.dataSync()]);
      tf.dispose([...into.values()]);
      return { turns, numbers };
    };
    const enough = await gradients(() => false);
    assert.ok(enough.numbers.some((number) => number !== 1));
    const before = tensorsAlive();
    for (let turn = 0; turn < enough.turns; turn++) {
      const tight = await gradients((now) => now === turn);
      assertClose(tight.numbers, enough.numbers, 1e-5);
      assert.equal(tower.mostScores, 24 ** 2, 'memory ran out too late to test anything');
    }
    assert.deepEqual(tensorsAlive(), before);
  });

  it('ends where a single head does not fit, and leaves nothing on the device', async () => {
    tower.mostScores = mostScores;
    const before = tensorsAlive();
    await assert.rejects(
      done(features(), () => true),
      {
        name: 'UserError',
        message:
          'memory has run out with an image of 6 tokens in the vision tower; free some, or lower image.maxPixels',
      },
    );
    assert.deepEqual(tensorsAlive(), before);
  });

  it('gives up where something else went wrong', async () => {
    const work = features();
    work.next();
    assert.throws(() => work.throw(new Error('given up')), /^Error: given up$/);
  });
});
