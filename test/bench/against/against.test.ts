import { assertClose } from '../../assertions.js';
import { makeAdapter, makePool, makeSetting } from '../setting/setting.js';
import { startPython, startTercet, type WorkerProcess } from '../worker/workerProcess.js';

/** An interpreter with the packages of python/requirements.txt, as `npm run bench -- --against python` sets one up. */
const python = process.env['BENCH_PYTHON'];

describe('a training step beside sentence-transformers', function () {
  this.timeout(600_000);
  before(function () {
    if (python !== undefined) return;
    console.log('skipped: BENCH_PYTHON names no interpreter that has PyTorch, PEFT and sentence-transformers');
    this.skip();
  });

  it('has the same loss in float32 before and after an update, its texts in the order of the pool or sorted', async () => {
    const pool = { queries: 3, passagesPerQuery: 4 };
    const setting = await makeSetting({
      shape: 'demo',
      layers: undefined,
      precision: 'float32',
      rounds: 1,
      isQuick: true,
      pool,
      passages: 1,
      plan: { chunkTokens: 256 },
    });
    const { file } = makePool(setting, pool);
    const { base, precision, plan } = setting;
    const adapter = await makeAdapter(setting);
    const losses = async (worker: WorkerProcess, order: 'pool' | 'sorted') => {
      await worker.ask('open', { base, precision, adapter });
      const choice = { order, miniBatch: 2 };
      const train = () => worker.ask('train', { pool: file, plan, ...choice });
      return [(await train()).loss, (await train()).loss];
    };
    const [ours, theirs] = [startTercet(), startPython(python!)];
    try {
      const expected = await losses(ours, 'pool');
      for (const order of ['pool', 'sorted'] as const) assertClose(await losses(theirs, order), expected, 1e-4, order);
    } finally {
      await Promise.all([ours.close(), theirs.close()]);
    }
  });
});
