import { existsSync } from 'node:fs';
import { loadNativeBinding } from '../../../model/engine/native/loadNativeBinding.js';
import { capabilities } from '../../../model/engine/capabilities.js';
import { startEngine, type Engine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import type { Dropout } from '../../../model/layer/dropout.js';
import { lengthOf } from '../../../model/pass/sequence.js';
import { encodeChunk, packs, type Gradients } from '../../../model/pass/encodeChunk.js';
import { atOnce } from '../../../model/pass/stepwise.js';
import { oneAttempt, poolGradient } from '../../../train/step/poolGradient.js';
import { applyUpdate } from '../../../train/step/update/update.js';
import { openSearch } from '../../../eval/dense/search.js';
import { folderBytes } from '../../../setup/folder/records.mjs';
import { neededFlops } from '../../bench/measure/flops.js';
import { embed, planOf, trainStep } from '../../bench/worker/work.js';
import { writeRandomBase } from '../../bench/setting/writeRandomBase.js';
import { cards } from './card.js';
import { openBase, poolOf, randomPool, rank } from './checkWork.js';
import type { Held, Jobs } from './jobs.js';
import { exampleCard, pretendCard } from './pretendCard.js';
import { recipeWork } from './recipeWork.js';
import { squarePeak } from './squarePeak.js';

/** Set where there is no card: what a card computes then runs on the processor, in the same operations. */
const actsAsCard = process.env['TERCET_CHECK_AS_CARD'] === '1';
const temperature = 0.05;
const smallPool = { queries: 6, passagesPerQuery: 4 };
const chunkTokens = 512;

type Answers = { [Name in keyof Jobs]: (asks: Jobs[Name]['asks']) => Promise<Jobs[Name]['gives']> };

const answers: Answers = {
  async engine() {
    const engine = await start();
    const product = tf.matMul(tf.ones([64, 64]), tf.ones([64, 64])); // something for CUDA to compile
    await product.data();
    const cacheFolder = process.env['CUDA_CACHE_PATH'];
    return {
      ...engine,
      usesGpu: capabilities().card && !actsAsCard,
      cards: cards(),
      visibleDevices: process.env['CUDA_VISIBLE_DEVICES'],
      cacheFolder,
      cacheBytes: cacheFolder !== undefined && existsSync(cacheFolder) ? folderBytes(cacheFolder) : 0,
    };
  },

  async gradient({ base, precision }) {
    const engine = await start();
    const { model, parameters } = await openBase(engine, base, precision);
    const pool = randomPool(model.config.vocabularySize, smallPool);
    const gradients: Gradients = new Map();
    const embeddings = encodeChunk(model, [...pool.queries, ...pool.passages]);
    const attempt = oneAttempt({ chunkTokens, keptBytes: 0 });
    atOnce(poolGradient(model, pool, parameters, { temperature }, attempt, gradients)).dispose();
    return {
      float32Products: engine.float32Products,
      embeddings: [...embeddings.dataSync()],
      gradient: [...parameters.keys()].flatMap((name) => [...gradients.get(name)!.dataSync()]),
      width: model.config.hidden,
    };
  },

  async operations({ base }) {
    const engine = await start();
    const executed = new Map<string, [string, string]>();
    // Native code writes into memory, of which old parts go: they are looked through in time.
    const lookThrough = () => {
      const native = loadNativeBinding();
      const written = native.loaded ? native.written() : '';
      for (const [, operation, device] of written.matchAll(/Executing op (\S+) in device \S*device:([A-Z]+):/g))
        executed.set(`${operation} ${device}`, [operation!, device!]);
    };
    for (const precision of engine.precisions) {
      const work = await openBase(engine, base, precision);
      const pool = randomPool(work.model.config.vocabularySize, smallPool);
      const dropout: Dropout = { rate: 0.1, seed: [1, 2] };
      const attempt = oneAttempt({ chunkTokens, keptBytes: 0 });
      const { model, parameters } = work;
      const options = { temperature, dropout };
      const gradientInto = (into: Gradients) => atOnce(poolGradient(model, pool, parameters, options, attempt, into));
      tf.dispose([...withGradients(gradientInto)]);
      lookThrough();
      trainStep(work, pool, planOf(work, pool, { chunkTokens }));
      lookThrough();
    }
    const search = openSearch(new Float32Array(2 * 64).fill(0.5), 64, 3);
    search.add(0, new Float32Array(8 * 64).fill(0.25));
    for (const hits of search.take()) if (hits.length === 0) throw new Error('a query found nothing');
    search.close();
    lookThrough();
    return { executed: [...executed.values()] };
  },

  async speed({ shape, base, precision, queries, passagesPerQuery, rounds, peakSizes }) {
    const engine = await start();
    if (!existsSync(base)) await writeRandomBase(base, shape, { seed: 1, eosId: 0 });
    const work = await openBase(engine, base, precision);
    const pool = randomPool(shape.vocabularySize, { queries, passagesPerQuery });
    const texts = [...pool.queries, ...pool.passages];
    const lengths = texts.map(lengthOf);
    const plan = planOf(work, pool, {});
    const { forward, backward } = neededFlops(work.model.config, lengths, rank);
    const step = await best(rounds, async () => trainStep(work, pool, plan));
    const encode = await best(rounds, () => embed(work, texts, plan.chunkTokens));
    const peak = Math.max(...peakSizes.map((size) => squarePeak(size, precision, !usesCard()).rate));
    return {
      tokens: lengths.reduce((sum, length) => sum + length, 0),
      chunkTokens: plan.chunkTokens,
      encode: { seconds: encode, flops: forward },
      step: { seconds: step, flops: forward + backward },
      peak,
      card: cards()[0],
    };
  },

  async leaks({ base, precision, steps }) {
    const work = await openBase(await start(), base, precision);
    const pool = randomPool(work.model.config.vocabularySize, smallPool);
    const plan = planOf(work, pool, { chunkTokens });
    const run = () => {
      for (let step = 0; step < steps; step++) trainStep(work, pool, plan);
      return held();
    };
    return { early: run(), late: run() };
  },

  async updates({ base, precision, updates }) {
    const { model, parameters, optimizer } = await openBase(await start(), base, precision);
    // Texts of few lengths: each number of rows and each length is compiled for itself.
    const pool = poolOf(model.config.vocabularySize, {
      queries: Array.from({ length: 6 }, () => 7),
      passages: Array.from({ length: 24 }, (_, place) => (place % 2 ? 33 : 60)),
    });
    const losses = Array.from({ length: updates }, (_, update) => {
      const gradients: Gradients = new Map();
      const options = { temperature, dropout: { rate: 0.1, seed: [update, 0] as const } };
      const attempt = oneAttempt({ chunkTokens: 2048, keptBytes: 0 });
      const loss = atOnce(poolGradient(model, pool, parameters, options, attempt, gradients));
      return applyUpdate(gradients, [loss], optimizer, { learningRate: 1e-3, maxGradNorm: 1, update }).loss;
    });
    return {
      isPacked: packs(model),
      losses,
      adapter: [...parameters.values()].flatMap((matrix) => [...matrix.dataSync()]),
      embeddings: [...encodeChunk(model, pool.passages).dataSync()],
      width: model.config.hidden,
    };
  },

  recipe: async (asked) => recipeWork(await start(), asked),

  async peak({ sizes }) {
    const { precisions } = await start();
    return sizes.flatMap((size) => precisions.map((precision) => squarePeak(size, precision, !usesCard())));
  },
};

async function start(): Promise<Engine> {
  const engine = await startEngine();
  if (actsAsCard && engine.name === 'tensorflow' && loadNativeBinding().loaded)
    pretendCard({ ...exampleCard, freeBytes: 5e9 });
  return engine;
}

const usesCard = () => capabilities().card && !actsAsCard;

function withGradients(work: (into: Gradients) => tf.Tensor): Iterable<tf.Tensor> {
  const gradients: Gradients = new Map();
  return [work(gradients), ...gradients.values()];
}

function held(): Held {
  const native = (tf.backend() as unknown as { getNumOfTFTensors?: () => number }).getNumOfTFTensors?.() ?? 0;
  return { tensors: tf.memory().numTensors, native, cardBytes: cards()[0]?.memoryUsed };
}

/** Seconds of the fastest round, after one that warms up. */
async function best(rounds: number, work: () => unknown): Promise<number> {
  let least = Infinity;
  for (let round = 0; round <= rounds; round++) {
    const begun = performance.now();
    await work();
    if (round > 0) least = Math.min(least, performance.now() - begun);
  }
  return least / 1000;
}

const { job, asks } = JSON.parse(process.argv[2]!) as { job: keyof Jobs; asks: never };
const answer = await answers[job](asks);
process.stdout.write(JSON.stringify(answer), () => process.exit(0));
