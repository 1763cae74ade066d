import assert from 'node:assert/strict';
import { alone } from '../../../model/engine/ranks/collective.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { assertClose } from '../../assertions.js';
import { tinyMatrices, tinyQwen2 } from '../../fixtures/tinyQwen2.js';
import { placesHere, startRanks } from '../../model/engine/ranks/startRanks.js';
import { tinyUpdates } from './tinyUpdates.js';
import { adapterNumbers, inOrder, trained, type Trained } from './updates.js';

describe('updates that ranks make together', function () {
  this.timeout(300_000);
  before(async function () {
    if ((await startEngine()).name === 'tensorflow') return;
    console.log('skipped: the TensorFlow engine is not installed');
    this.skip();
  });

  it('are those of one process, and the same bits on every rank', async () => {
    const [first, second] = await startRanks(new URL('updatesWorker.ts', import.meta.url), await placesHere(2), [
      'tiny',
    ]);
    assert.equal(first!.code, 0, first!.errors);
    assert.deepEqual(second!.said, first!.said);
    const [pytorch, everything] = first!.said as unknown as [Trained, Trained];
    assertClose(pytorch.losses, tinyQwen2.training.losses, 1e-4, 'loss of update');
    const reference = await tinyMatrices('trained.safetensors');
    assertClose(
      adapterNumbers(pytorch),
      inOrder(reference).flatMap((values) => [...values]),
      1e-4,
    );
    for (const [index, found] of [pytorch, everything].entries()) {
      const one = await trained(tinyUpdates[index]!, alone);
      assertClose(found.losses, one.losses, 1e-5, `${one.name}, loss of update`);
      assertClose(adapterNumbers(found), adapterNumbers(one), 1e-5, `${one.name}, number of the adapter`);
      assert.equal(found.masked, one.masked);
      assert.equal(found.left, 0);
    }
    assert.ok(everything.masked > 0, 'the margin left nothing out');
  });
});
