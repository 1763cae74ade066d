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

  /** A product that takes so long at least. */
  function multiply(): tf.Tensor2D {
    const end = performance.now() + productMs;
    while (performance.now() < end);
    return tf.fill([2, 2], 1);
  }

  // One product was asked for, then waited for: on a card that is 20 us of work in 200, and a study's time was foreseen
  // as several times what it takes.
  it('asks for many products before it waits', () => {
    let [products, rate] = [0, 0];
    const { reads } = countCalls(() => {
      rate = productRate(() => (products++, multiply()), 1000, 100);
    });
    assert.ok(products > 20 * reads, `${products} products, ${reads} waits`);
    assert.ok(rate > 0 && rate <= 1000 / (productMs / 1000), `${rate}`);
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
