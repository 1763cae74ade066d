import { UserError } from '../../../configs/userError.js';
import { poolName } from '../worker/pool.js';
import { gigaflops, percent, seconds, whole, type Result } from '../report/result.js';
import { makeAdapter, makePool, rank, type Setting } from '../setting/setting.js';
import { kinds } from '../worker/usage.js';
import { measurePeaks, peakOf } from './timing.js';
import { startTercet } from '../worker/workerProcess.js';

const listed = 25;

/** Where the time of one step goes, by kind of work and by operation. */
export async function profileStep(setting: Setting): Promise<Result[]> {
  const { base, precision, plan } = setting;
  const { file } = makePool(setting, setting.pool);
  const adapter = await makeAdapter(setting);
  const asks = { pool: file, plan };
  const peak = peakOf(setting, await measurePeaks(setting));
  const worker = startTercet();
  try {
    const { engine } = await worker.ask('open', { base, precision, adapter, watch: true });
    if (engine !== 'tensorflow')
      throw new UserError(`--profile needs the tensorflow engine; this is ${engine}; npm run doctor says why`);
    await worker.ask('train', asks);
    await worker.ask('forgetUsage', {});
    const step = await worker.ask('train', asks);
    const usage = await worker.ask('usage', { rank });
    const inside = kinds.reduce((sum, kind) => sum + usage.kinds[kind].seconds, 0);
    const share = (part: number) => percent(part / step.seconds);
    const about =
      `One step over a pool of ${poolName(setting.pool)}, ${setting.config.layers} layers, ${precision}, each operation ` +
      `timed on its own: ${seconds(step.seconds)}. The host is all that lies between operations. ` +
      `The best product of the model's shapes reached ${gigaflops(peak)} GFLOP/s.`;
    return [
      {
        name: 'profile',
        title: 'Where the time of a step goes',
        about,
        header: ['kind', 'share', 'time', 'calls', 'GFLOP/s'],
        rows: [
          ...kinds.map((kind) => {
            const { seconds: took, calls, flops } = usage.kinds[kind];
            return [kind, share(took), seconds(took), whole(calls), flops > 0 ? gigaflops(flops / took) : ''];
          }),
          ['host', share(step.seconds - inside), seconds(step.seconds - inside), '', ''],
        ],
        values: { seconds: step.seconds, kinds: usage.kinds, host: step.seconds - inside },
      },
      {
        name: 'operations',
        title: 'The costliest operations',
        about: 'By operation and the shapes of its inputs and its output.',
        header: ['operation', 'kind', 'share', 'time', 'calls'],
        rows: usage.operations
          .slice(0, listed)
          .map(({ name, kind, seconds: took, calls }) => [name, kind, share(took), seconds(took), String(calls)]),
        values: usage.operations,
      },
    ];
  } finally {
    await worker.close();
  }
}
