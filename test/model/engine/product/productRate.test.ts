import assert from 'node:assert/strict';
import { multiplySpeed } from '../../../../model/engine/product/multiplySpeed.js';
import { productRate, telling } from '../../../../model/engine/product/productRate.js';
import { startEngine } from '../../../../model/engine/startEngine.js';
import { tf } from '../../../../model/engine/tf.js';
import { countCalls } from '../../../countCalls.js';
import { pretendCard } from '../../../gpu/worker/pretendCard.js';
import { tensorsAlive } from '../../../assertions.js';

const productMs = 0.2;

describe('productRate', () => {
  before(async function () {
    if ((await startEngine()).name !== 'tensorflow') this.skip();
  });

  // One product was asked for, then waited for: on a card that is 20 us of work in 200, and a study's time was foreseen
  // as several times what it takes. The clock is the test's own: on a busy machine a single product took longer than a round.
  it('asks for many products before it waits', () => {
    const clock = performance.now.bind(performance);
    let [products, nowMs] = [0, 0];
    performance.now = () => nowMs;
    try {
      const multiply = (): tf.Tensor2D => {
        nowMs += productMs;
        products++;
        return tf.fill([2, 2], 1);
      };
      let rate = 0;
      const { reads } = countCalls(() => (rate = productRate(multiply, 1000, 100)));
      // 1, then 1, 2, 4 ... 256 of them, which together take 51.2 ms; of what is measured then, the first is enough.
      assert.deepEqual([products, reads], [1 + 511, 10]);
      assert.ok(Math.abs(rate / (1000 / (productMs / 1000)) - 1) < 1e-9, `${rate}`);
    } finally {
      performance.now = clock;
    }
  });

  it('takes products of a card that are large enough to tell', () => {
    assert.equal(telling(1024), 1024);
    const undo = pretendCard();
    assert.equal(telling(1024), 8192);
    undo();
  });

  it('leaves nothing alive', () => {
    const before = tensorsAlive();
    assert.ok(multiplySpeed(16) > 0);
    assert.deepEqual(tensorsAlive(), before);
  });
});
