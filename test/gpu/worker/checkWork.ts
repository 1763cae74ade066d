import type { Precision } from '../../../configs/contract.js';
import { loadConfig } from '../../../configs/load/loadConfig.js';
import { projections } from '../../../configs/schema.js';
import { seededRandom } from '../../../data/random.js';
import type { Engine } from '../../../model/engine/startEngine.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { attachAdapter, freshAdapter } from '../../../model/layer/lora.js';
import { adamW } from '../../../train/step/update/optimizer.js';
import type { PoolTokens } from '../../../train/step/poolGradient.js';
import { lengthQuantiles, sampleLengths } from '../../bench/setting/lengths.js';
import { poolTokens, type PoolSize } from '../../bench/worker/pool.js';
import type { Work } from '../../bench/worker/work.js';
import type { PoolTexts } from './jobs.js';

export const rank = 16;
const seed = 1;

/** A base with an adapter whose matrices are all random, so that every gradient is there. */
export async function openBase(engine: Engine, base: string, precision: Precision): Promise<Work> {
  const model = await loadModel(base, precision);
  const adapter = freshAdapter(model, { rank, alpha: 2 * rank, dropout: 0, targets: [...projections] }, seed);
  for (const [name, { b }] of adapter.matrices) {
    const random = seededRandom(seed, 'lora_B', name);
    b.forEach((_, place) => (b[place] = 0.02 * (2 * random() - 1)));
  }
  const parameters = attachAdapter(model, adapter);
  const optimizer = adamW(parameters, loadConfig('study').config.optimizer);
  return { engine, model, parameters, optimizer, updates: 0, watch: undefined };
}

/** Random ids with the lengths of MS MARCO texts. */
export function randomPool(vocabularySize: number, { queries, passagesPerQuery }: PoolSize): PoolTokens {
  const lengths = (kind: 'query' | 'passage', count: number) =>
    sampleLengths(lengthQuantiles[kind], count, seededRandom(seed, kind));
  const passages = queries * passagesPerQuery;
  return poolOf(vocabularySize, { queries: lengths('query', queries), passages: lengths('passage', passages) });
}

/** Random ids in texts of these lengths, as many passages to each query. */
export function poolOf(vocabularySize: number, { queries, passages }: PoolTexts): PoolTokens {
  const random = seededRandom(seed, 'ids');
  const texts = (lengths: number[]) =>
    lengths.map((length) => Array.from({ length }, () => Math.floor(random() * vocabularySize)));
  const size = { queries: queries.length, passagesPerQuery: passages.length / queries.length };
  return poolTokens({ ...size, queryTokens: texts(queries), passageTokens: texts(passages) });
}
