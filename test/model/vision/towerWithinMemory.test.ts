import assert from 'node:assert/strict';
import { tf } from '../../../model/engine/tf.js';
import type { Gradients } from '../../../model/pass/encodeChunk.js';
import { inTurns, type Stepwise } from '../../../model/pass/stepwise.js';
import { imageFeatures } from '../../../model/vision/imageFeatures.js';
import { imageGradient } from '../../../model/vision/imageGradient.js';
import { mostScores } from '../../../model/vision/tower.js';
import { assertClose, tensorsAlive } from '../../assertions.js';
import { image, openTinyTower, upstream } from './tinyTower.js';

type TinyTower = Awaited<ReturnType<typeof openTinyTower>>;

// The tower's passes gave way to nothing: a run ended where its decoder would have gone on in smaller chunks.
describe('the tower where memory runs out', () => {
  let vision: TinyTower['vision'];
  let tower: TinyTower['tower'];
  let parameters: TinyTower['parameters'];
  let close: TinyTower['close'];

  before(async () => void ({ vision, tower, parameters, close } = await openTinyTower()));
  after(() => close());

  const oom = new Error('OOM when allocating tensor');
  /** Do work of which memory runs out in some turns. @returns its result and the turns it took */
  async function done<T>(work: Stepwise<T>, runsOut: (turn: number) => boolean) {
    let turns = 0;
    const result = await inTurns(work, () => (runsOut(turns++) ? oom : undefined), 0);
    return { result, turns };
  }
  const features = () => imageFeatures(image, tower, vision.config, vision.values);

  it('goes on with fewer heads at a time, to the same features', async () => {
    tower.mostScores = mostScores;
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
      const work = imageGradient(image, tower, config, values, upstream, into);
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

  // Fused operations hold no scores: test/model/vision/pass/fusedPass.test.ts
  it('gives up where something else went wrong', async () => {
    const work = features();
    work.next();
    assert.throws(() => work.throw(new Error('given up')), /^Error: given up$/);
  });
});
