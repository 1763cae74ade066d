import assert from 'node:assert/strict';
import { countsOf, onceEach } from '../../../data/stream/candidateCounts.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { atOnce } from '../../../model/pass/stepwise.js';
import { infoNce as infoNceInSteps, type Candidates, type LossOptions } from '../../../train/step/loss.js';
import { assertClose, assertGradients, assertTensorsKept, randomTensor } from '../../assertions.js';

const all = onceEach;
const infoNce = (q: tf.Tensor2D, p: tf.Tensor2D, candidates: Candidates, options: number | LossOptions) =>
  atOnce(infoNceInSteps(q, p, candidates, typeof options === 'number' ? { temperature: options } : options));
const lossOf = (q: tf.Tensor2D, p: tf.Tensor2D, candidates: Candidates, temperature = 1) =>
  infoNce(q, p, candidates, temperature).loss;

describe('infoNce', () => {
  let eye: tf.Tensor2D;
  before(async () => {
    await startEngine();
    eye = tf.eye(2);
  });

  it('is ln(1 + 1/e) for two orthogonal pairs at temperature 1', () => {
    const { loss, dQueries, dPassages } = infoNce(eye, eye, { targets: [0, 1], counts: all(2, 2) }, 1);
    assertClose(loss, [Math.log(1 + 1 / Math.E)], 1e-6);
    // Softmax minus target of the first query is (-o, o) with o = 1 / (1 + e); half of it, as there are two queries.
    const o = 1 / (1 + Math.E) / 2;
    assertClose(dQueries, [-o, o, o, -o], 1e-6);
    assertClose(dPassages, [-o, o, o, -o], 1e-6);
  });

  it('divides cosines by the temperature', () => {
    const candidates = { targets: [0, 1], counts: all(2, 2) };
    assertClose(lossOf(eye, eye, candidates, 0.5), [Math.log(1 + Math.exp(-2))], 1e-6);
    assertClose(lossOf(eye, eye, candidates, 0.01), [0], 1e-6); // e^-100
  });

  it('takes the positive of each query wherever it stands', () => {
    assertClose(lossOf(eye, eye, { targets: [1, 0], counts: all(2, 2) }), [Math.log(1 + Math.E)], 1e-6);
  });

  it('leaves out what has the count 0, in loss and gradient', () => {
    // The first query has its positive alone, the second has both.
    const counts = countsOf([
      [1, 0],
      [1, 1],
    ]);
    const { loss, dQueries, dPassages } = infoNce(eye, eye, { targets: [0, 1], counts }, 1);
    assertClose(loss, [Math.log(1 + 1 / Math.E) / 2], 1e-6);
    const o = 1 / (1 + Math.E) / 2;
    assertClose(dQueries, [0, 0, o, -o], 1e-6);
    assertClose(dPassages, [0, o, 0, -o], 1e-6);
  });

  it('stays exact where the loss is large', () => {
    const opposite = tf.tensor2d([-1, 0, 1, 0], [2, 2]);
    const query = tf.tensor2d([1, 0], [1, 2]);
    assertClose(lossOf(query, opposite, { targets: [0], counts: all(1, 2) }, 0.01), [200], 1e-4);
  });

  describe('with a passage that stands m times', () => {
    const q = () => randomTensor<tf.Tensor2D>([2, 3], 'q');
    const p = () => randomTensor<tf.Tensor2D>([3, 3], 'p');
    // Passage 0 once; passage 1, the target of query 1, twice; passage 2 three times, but left out for query 0.
    const counts = countsOf([
      [1, 2, 0],
      [1, 2, 3],
    ]);
    const targets = [0, 1];
    const rows = [0, 1, 1, 2, 2, 2];
    const writtenOut = {
      targets,
      counts: countsOf([0, 1].map((query) => rows.map((row) => (query === 0 && row === 2 ? 0 : 1)))),
    };

    it('equals writing it out m times, also where it is the target', () => {
      const short = infoNce(q(), p(), { targets, counts }, 0.3);
      const long = infoNce(q(), tf.gather(p(), rows), writtenOut, 0.3);
      assertClose(short.loss, long.loss, 1e-6);
      assertClose(short.dQueries, long.dQueries, 1e-6);
      const places = tf.oneHot(tf.tensor1d(rows, 'int32'), 3).toFloat(); // [places, passages]
      assertClose(short.dPassages, tf.matMul(places, long.dPassages, true), 1e-6);
    });

    it('has the gradient of its differences', () => {
      // The gradient comes with the loss, so the tape is handed what infoNce returns.
      const op = tf.customGrad((...inputs) => {
        const [q, p, save] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
        const { loss, dQueries, dPassages } = infoNce(q, p, { targets, counts }, 0.3);
        save([dQueries, dPassages]);
        return { value: loss, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => saved.map((d) => d.mul(dy)) };
      });
      assertGradients(op, [q(), p()], { step: 3e-3 });
    });
  });

  describe('with a margin', () => {
    // Cosines of the query: target 0.6, then 0.8, 0.65, 0.6, 0.
    let query: tf.Tensor2D;
    let passages: tf.Tensor2D;
    before(() => {
      query = tf.tensor2d([1, 0], [1, 2]);
      passages = tf.tensor2d([0.6, 0.8, 0.8, 0.6, 0.65, 0.76, 0.6, -0.8, 0, 1], [5, 2]);
    });
    const candidates = { targets: [0], counts: countsOf([[1, 3, 1, 1, 1]]) };
    const withMargin = (margin: number) => infoNce(query, passages, candidates, { temperature: 0.5, margin });
    /** Loss of the target among these cosines, at temperature 0.5. */
    const lossAmong = (...cosines: number[]) =>
      Math.log([0.6, ...cosines].reduce((sum, cosine) => sum + Math.exp(2 * cosine), 0)) - 1.2;

    it('leaves out candidates that are closer than the positive and the margin, counted as often as they stand there', () => {
      const some = withMargin(0.1);
      assertClose(some.loss, [lossAmong(0.65, 0.6, 0)], 1e-6);
      assertClose(some.masked!, [3], 0);
      const more = withMargin(0);
      assertClose(more.loss, [lossAmong(0.6, 0)], 1e-6); // an equal one stays
      assertClose(more.masked!, [4], 0);
      const most = withMargin(-0.1);
      assertClose(most.loss, [lossAmong(0)], 1e-6); // and the target itself always
      assertClose(most.masked!, [5], 0);
    });

    it('has the gradient of a pool without them', () => {
      const { dQueries, dPassages } = withMargin(0);
      const counts = countsOf([[1, 0, 0, 1, 1]]);
      const plain = infoNce(query, passages, { targets: [0], counts }, 0.5);
      assertClose(dQueries, plain.dQueries, 1e-7);
      assertClose(dPassages, plain.dPassages, 1e-7);
    });

    it('changes nothing where it leaves out nothing, and does not count what was out before', () => {
      const plain = infoNce(query, passages, candidates, 0.5);
      const wide = withMargin(2);
      assertClose(wide.loss, plain.loss, 0);
      assertClose(wide.masked!, [0], 0);
      const without = { targets: [0], counts: countsOf([[1, 0, 1, 1, 1]]) };
      assertClose(infoNce(query, passages, without, { temperature: 0.5, margin: 0.1 }).masked!, [0], 0);
    });
  });

  // Its tables of queries x passages once grew with the pool, to 15 GB for 16,384 queries.
  it('comes to the same in blocks of queries, with counts and a margin', () => {
    const [q, p] = [randomTensor<tf.Tensor2D>([7, 4], 'q'), randomTensor<tf.Tensor2D>([5, 4], 'p')];
    const targets = [0, 1, 2, 3, 4, 0, 1];
    const counts = countsOf(
      targets.map((target, query) =>
        query === 5 ? [1, 0, 0, 1, 3] : [1, 2, 1, 1, 3].map((m, at) => (at === target ? 1 : m)),
      ),
    );
    const options = { temperature: 0.3, margin: 0.2 };
    const whole = infoNce(q, p, { targets, counts }, options);
    assert.ok(whole.masked!.dataSync()[0]! > 0);
    for (const blockElements of [1, 10, 14, 34]) {
      const inBlocks = infoNce(q, p, { targets, counts }, { ...options, blockElements });
      for (const name of ['loss', 'dQueries', 'dPassages', 'masked'] as const)
        assertClose(inBlocks[name]!, whole[name]!, 1e-6, `${name} in blocks of ${blockElements}`);
      assertTensorsKept(
        4,
        () => Object.values(infoNce(q, p, { targets, counts }, { ...options, blockElements })) as tf.Tensor[],
      );
    }
  });

  it('leaves loss and gradients alone alive', () => {
    const candidates = { targets: [0, 1], counts: all(2, 2) };
    assertTensorsKept(3, () => Object.values(infoNce(eye, eye, candidates, 0.05)) as tf.Tensor[]);
  });
});
