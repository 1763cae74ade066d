import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readAdapter } from '../../../checkpoints/adapter/adapter.js';
import { disposeModel } from '../../../model/layer/decoder.js';
import { attachAdapter } from '../../../model/layer/lora.js';
import { loadModel } from '../../../model/load/loadModel.js';
import type { Gradients } from '../../../model/pass/encodeChunk.js';
import { atOnce, inTurns } from '../../../model/pass/stepwise.js';
import { tf } from '../../../model/engine/tf.js';
import type { PoolPlan } from '../../../train/step/poolGradient.js';
import { poolWithinMemory } from '../../../train/step/poolWithinMemory.js';
import { tinyPool, tinyQwen2 } from '../../fixtures/tinyQwen2.js';
import { alone } from '../../../model/engine/ranks/collective.js';
import { capabilities } from '../../../model/engine/capabilities.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { assertClose, tensorsAlive } from '../../assertions.js';

interface Printed {
  loss: number;
  gradient: number;
  sizes: number[];
}

function poolWith(megabytes: number, chunkTokens = 4096): Printed {
  const env = { ...process.env, TF_CPU_BFC_MEM_LIMIT_IN_MB: String(megabytes), TERCET_BACKEND: 'tensorflow' };
  const printed = execFileSync(process.execPath, ['--import', 'tsx', 'test/train/limitedPool.ts', `${chunkTokens}`], {
    env,
  });
  return JSON.parse(printed.toString()) as Printed;
}

describe('poolWithinMemory', () => {
  // Ctrl-C and SIGTERM once waited for the end of an update, which takes minutes where pools or bases are large.
  it('can be given up between two layers, and then has freed all that it held', async () => {
    await startEngine();
    const model = await loadModel(tinyQwen2.path('sharded'), 'float32');
    const parameters = attachAdapter(model, await readAdapter(tinyQwen2.path('adapter')));
    const into: Gradients = new Map();
    const work = () =>
      poolWithinMemory(
        model,
        tinyPool(0),
        parameters,
        { temperature: 1 },
        { chunkTokens: 12, keptBytes: 1e5 },
        into,
        () => {},
      );
    const steps = [...work()].length;
    assert.ok(steps > 20, `${steps} steps`);
    tf.dispose([...into.values()]);
    into.clear();
    const before = tensorsAlive();
    for (let after = 1; after < steps; after += 3) {
      let turn = 0;
      const given = () => (++turn === after ? new Error(`given up in turn ${after}`) : undefined);
      await assert.rejects(inTurns(work(), given, 0), new RegExp(`given up in turn ${after}$`));
      assert.deepEqual([into.size, tensorsAlive()], [0, before], `after ${after} of ${steps} steps`);
    }
    disposeModel(model);
  });

  it('lets go of what it keeps when memory runs out in the loss, then takes half of the queries, and says when one is too many', async () => {
    await startEngine();
    const model = await loadModel(tinyQwen2.path('sharded'), 'float32');
    const parameters = attachAdapter(model, await readAdapter(tinyQwen2.path('adapter')));
    const pool = tinyPool(0);
    const [queries, passages] = [pool.queries.length, pool.passages.length];
    /** Memory runs out in this turn, so many times. */
    const after = (turn: number, times: number) => {
      const plan: PoolPlan = { chunkTokens: 24, keptBytes: 1e5, blockElements: 2 * passages };
      const into: Gradients = new Map();
      const work = poolWithinMemory(model, pool, parameters, { temperature: 1 }, plan, into, () => {});
      for (let done = 0; done < turn; done++) work.next();
      for (let failed = 0; failed < times; failed++) work.throw(new Error('OOM when allocating tensor'));
      const loss = atOnce(work);
      const [value] = loss.dataSync();
      tf.dispose([loss, ...into.values()]);
      return { ...plan, loss: value! };
    };
    const enough = after(0, 0);
    // Where the passes run out of memory, chunks become smaller; in the loss they stay.
    const inLoss = Array.from({ length: 60 }, (_, turn) => turn + 1).find((turn) => after(turn, 1).chunkTokens === 24)!;
    const [once, twice] = [after(inLoss, 1), after(inLoss, 2)];
    assert.deepEqual([once.keptBytes, once.blockElements], [0, 2 * passages]);
    assert.deepEqual([twice.keptBytes, twice.blockElements], [0, passages]);
    assertClose([once.loss, twice.loss], [enough.loss, enough.loss], 1e-5, 'loss');
    assert.throws(() => after(inLoss, 3), {
      name: 'UserError',
      message: `memory has run out in the loss of ${queries} queries x ${passages} passages; free some, or lower training.queriesPerPool`,
    });
    disposeModel(model);
  });
});

describe('poolWithinMemory of one of two ranks', () => {
  // A rank that did an exchange over would wait in it for ever, or take part in another one of the others'.
  it('does the same exchanges, to the same loss and gradients, in whatever step memory runs out', async () => {
    await startEngine();
    const model = await loadModel(tinyQwen2.path('sharded'), 'float32');
    const parameters = attachAdapter(model, await readAdapter(tinyQwen2.path('adapter')));
    const place = { rank: 0, ranks: 2, localRank: 0, localRanks: 2, addresses: ['a:1', 'a:2'] };
    /** @param turn  in which memory runs out; never where it is beyond all of them */
    async function trainedTo(turn: number) {
      const exchanged: number[][] = [];
      const gather = (rows: tf.Tensor2D) => {
        exchanged.push(rows.shape);
        return rows.concat(rows); // the other rank has the same embeddings
      };
      const exchange = { collective: { ...alone, place, gather }, isAskedToStop: () => false };
      const into: Gradients = new Map();
      const sizes: number[] = [];
      let turns = 0;
      const given = () => (turns++ === turn ? new Error('OOM when allocating tensor') : undefined);
      const plan = { chunkTokens: 24, keptBytes: 1e5 };
      const work = poolWithinMemory(model, tinyPool(0), parameters, { temperature: 1, exchange }, plan, into, (less) =>
        sizes.push(less),
      );
      const loss = await inTurns(work, given, 0);
      const numbers = [loss, ...into.values()].flatMap((tensor) => [...tensor.dataSync()]);
      tf.dispose([loss, ...into.values()]);
      return { exchanged, numbers, sizes, turns };
    }
    const enough = await trainedTo(Infinity);
    assert.deepEqual([enough.exchanged.length, enough.sizes], [2, []]);
    const before = tensorsAlive();
    for (let turn = 0; turn < enough.turns; turn += 7) {
      const tight = await trainedTo(turn);
      assert.deepEqual(tight.exchanged, enough.exchanged);
      assert.deepEqual(tight.sizes.length, 1, `turn ${turn}`);
      assertClose(tight.numbers, enough.numbers, 1e-5, `turn ${turn}, number`);
      assert.deepEqual(tensorsAlive(), before);
    }
    disposeModel(model);
  });
});

describe('poolWithinMemory where memory runs out', function () {
  this.timeout(180_000); // TensorFlow's allocator waits ten seconds for memory each time before it gives up
  before(async function () {
    await startEngine();
    if (capabilities().fusedOps) return;
    console.log('skipped: only TensorFlow on the processor can be given a limit of memory here');
    this.skip();
  });

  it('goes on with smaller chunks when memory runs out, to the same loss and gradient of the same pool', () => {
    const [free, tight] = [poolWith(4000), poolWith(30)];
    assert.deepEqual(free.sizes, []);
    assert.ok(tight.sizes.length > 0 && tight.sizes[0] === 2048, JSON.stringify(tight));
    assertClose([tight.loss], [free.loss], 1e-5, 'loss');
    assertClose([tight.gradient / free.gradient], [1], 1e-4, 'gradient over gradient');
  });

  // It gave up at once where a chunk could not be smaller, though what it kept for the second pass could be let go.
  it('lets go of what it keeps where a chunk holds one text only', () => {
    const [free, tight] = [poolWith(4000, 60), poolWith(30, 60)];
    assert.deepEqual([free.sizes, tight.sizes], [[], [60]]);
    assertClose([tight.loss], [free.loss], 1e-5, 'loss');
    assertClose([tight.gradient / free.gradient], [1], 1e-4, 'gradient over gradient');
  });
});
