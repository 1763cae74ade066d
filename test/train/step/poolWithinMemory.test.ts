import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { hasFusedOps } from '../../../model/engine/fused/hasFusedOps.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { assertClose } from '../../assertions.js';

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
  before(async function () {
    await startEngine();
    if (hasFusedOps()) return;
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
