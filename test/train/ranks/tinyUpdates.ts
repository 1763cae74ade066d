import { seededRandom } from '../../../data/random.js';
import type { PoolTokens } from '../../../train/step/poolGradient.js';
import { tinyPool, tinyQwen2, tinyTexts } from '../../fixtures/tinyQwen2.js';
import type { Updates } from './updates.js';

const { training, temperature, pools } = tinyQwen2;
const common = {
  ...{ base: tinyQwen2.path('sharded'), adapter: tinyQwen2.path('adapter'), chunkTokens: 24 },
  ...{ weightDecay: training.weightDecay, maxGradNorm: training.maxGradNorm },
};

/** What PyTorch trained. */
const likePyTorch: Updates = {
  ...common,
  name: 'as PyTorch',
  temperature,
  pools: training.losses.map((_, index) => [tinyPool(index % pools.length)]),
  rates: training.losses.map(() => training.learningRate),
};

/** A pool that fewer ranks than three can share: one query, one passage. */
const oneEach: PoolTokens = {
  queries: [tinyTexts[0]!],
  passages: [tinyTexts[1]!],
  targets: [0],
  counts: { times: Int32Array.of(1), fewer: [new Map()] },
};

/** All that could come out otherwise over ranks, together: queries that do not divide, texts that repeat, a pool for a rank less. */
const everything: Updates = {
  ...common,
  name: 'everything',
  temperature: 0.05,
  pools: [0, 1, 2, 3].map((update) => [pool(update, 7, 17), pool(update + 10, 1, 3), oneEach]),
  rates: [3e-3, 3e-3, 2e-3, 1e-3],
  dropoutRate: 0.2,
  margin: -0.1,
  gradientShare: 0.7,
};

export const tinyUpdates = [likePyTorch, everything];

/** Texts of 3 to 20 tokens of the tiny vocabulary; some passages stand twice, and some are masked as relevant. */
function pool(seed: number, queries: number, passages: number): PoolTokens {
  const random = seededRandom('pool over ranks', seed);
  const below = (count: number) => Math.floor(random() * count);
  const words = Math.max(...tinyTexts.flatMap((text) => [...text])) + 1;
  const texts = (count: number) =>
    Array.from({ length: count }, () => Int32Array.from({ length: 3 + below(18) }, () => below(words)));
  return {
    ...{ queries: texts(queries), passages: texts(passages) },
    targets: Array.from({ length: queries }, (_, query) => query),
    counts: {
      times: Int32Array.from({ length: passages }, () => 1 + below(2)),
      fewer: Array.from({ length: queries }, (_, query) => new Map([[(query + 1) % passages, 0]])),
    },
  };
}
