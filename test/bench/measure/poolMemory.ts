import { parsePool, poolName } from '../worker/pool.js';
import { megabytes, percent, type Result } from '../report/result.js';
import { makeAdapter, makePool, withLayers, type Setting } from '../setting/setting.js';
import { spread } from '../report/summary.js';
import { startTercet } from '../worker/workerProcess.js';

const pools = { quick: ['4x16', '8x32', '16x64'], full: ['4x16', '8x32', '16x64', '32x128', '32x512'] };
const layers = 2;
/** Texts are cut short so that the largest pool takes minutes; the smallest still fills several chunks. */
const longest = 32;
/** The same for every pool, and kept inputs less than those of the smallest one. */
const plan = { chunkTokens: 1024, savedLayers: 0, keptBytes: 4e6 };

/** Most memory that one step takes, for pools that grow two hundredfold while the chunk stays as it is. */
export async function measurePoolMemory(setting: Setting): Promise<Result> {
  const few = await withLayers(setting, Math.min(layers, setting.config.layers));
  const adapter = await makeAdapter(few);
  const { base, precision } = few;
  const found: { pool: string; passages: number; peak: number; above: number; embeddings: number }[] = [];
  for (const name of pools[setting.isQuick ? 'quick' : 'full']) {
    const size = parsePool(name);
    const { file, pool } = makePool(few, size, longest);
    const worker = startTercet();
    try {
      await worker.ask('open', { base, precision, adapter });
      const { resident } = await worker.ask('memory', { reset: true });
      await worker.ask('train', { pool: file, plan });
      const { peak } = await worker.ask('memory', { reset: false });
      const texts = pool.queryTokens.length + pool.passageTokens.length;
      const embeddings = texts * few.config.hidden * Float32Array.BYTES_PER_ELEMENT;
      found.push({
        pool: poolName(size),
        passages: pool.passageTokens.length,
        peak,
        above: peak - resident,
        embeddings,
      });
    } finally {
      await worker.close();
    }
  }
  const peaks = found.map(({ peak }) => peak);
  return {
    name: 'memory',
    title: 'Peak memory of a step by pool size',
    about:
      `${few.config.layers} layers, ${precision}, texts cut to ${longest} tokens, chunks of ${plan.chunkTokens} tokens, ` +
      `${megabytes(plan.keptBytes)} of layer inputs kept. Spread of the peak, largest over smallest: ${percent(spread(peaks))}.`,
    header: ['pool', 'passages', 'peak memory', 'above model', 'embeddings'],
    rows: found.map(({ pool, passages, peak, above, embeddings }) => [
      pool,
      String(passages),
      megabytes(peak),
      megabytes(above),
      megabytes(embeddings),
    ]),
    curve: {
      x: 'passages in the pool',
      y: 'peak memory, MB',
      lines: [{ name: 'peak memory', points: found.map(({ passages, peak }) => [passages, peak / 1e6]) }],
    },
    values: { spread: spread(peaks), pools: found },
    ratios: { 'spread of the peak': spread(peaks) },
  };
}
