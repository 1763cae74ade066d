import { loadConfig } from '../../../configs/load/loadConfig.js';
import { capabilities } from '../../../model/engine/capabilities.js';
import { compiledLayersChoice } from '../../../model/engine/compiledLayersChoice.js';
import { nativeBackend } from '../../../model/engine/native/rawTensors.js';
import type { Engine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { compiledFunctions } from '../../../model/engine/xla/compiledFunction.js';
import { packs, type Gradients } from '../../../model/pass/encodeChunk.js';
import { lengthOf } from '../../../model/pass/sequence.js';
import { atOnce, type Stepwise } from '../../../model/pass/stepwise.js';
import { adamW } from '../../../train/step/update/optimizer.js';
import { poolGradient, type Attempt, type PoolPlan, type PoolTokens } from '../../../train/step/poolGradient.js';
import { applyUpdate } from '../../../train/step/update/update.js';
import { neededFlops } from '../../bench/measure/flops.js';
import { embed, planOf, type Work } from '../../bench/worker/work.js';
import { cards } from './card.js';
import { poolOf } from './checkWork.js';
import type { RecipeAsked, RecipeFigures, UpdateSeconds } from './jobs.js';
import { attachRandom, randomModel } from './randomModel.js';
import { squarePeak } from './squarePeak.js';

const begun = performance.now();

/** Updates by the study's recipe on random weights, and encoding: how long every part takes, how much memory, and what stays alive. */
export async function recipeWork(engine: Engine, asked: RecipeAsked): Promise<RecipeFigures> {
  const { config } = loadConfig('study');
  const precision = engine.precisions.includes('bfloat16') ? 'bfloat16' : 'float32';
  const { peakSize } = asked;
  const peak = squarePeak(peakSize, precision, !capabilities().card).rate;
  say(`a product of ${peakSize}: ${(peak / 1e12).toFixed(1)} TFLOP/s`);
  const model = randomModel(asked.shape, precision);
  const parameters = attachRandom(model, config.lora);
  const work: Work = {
    ...{ engine, model, parameters, updates: 0, watch: undefined },
    optimizer: adamW(parameters, config.optimizer),
  };
  waitForDevice();
  const pool = poolOf(asked.shape.vocabularySize, asked.texts);
  const { plannedBytes, ...plan } = planOf(work, pool, asked.plan);
  say(`model is there (${memoryText()}); plan ${JSON.stringify({ ...plan, plannedBytes })}`);

  const updates: RecipeFigures['updates'] = [];
  const held: RecipeFigures['held'] = [];
  for (let number = 0; number < asked.updates; number++) {
    const pools = number === 0 ? 1 : asked.poolsPerUpdate; // the first one compiles
    const update = oneUpdate(work, pool, plan, pools);
    updates.push(update);
    held.push(alive());
    say(`update of ${pools} pools: ${JSON.stringify(update)}; ${JSON.stringify(held.at(-1))}, ${memoryText()}`);
    if (number > 0 && secondsSince(begun) + update.seconds.all > asked.seconds) break;
  }
  const rest = asked.encode ? await encoding(work, pool, plan.chunkTokens) : undefined;
  const lengths = [...pool.queries, ...pool.passages].map(lengthOf);
  return {
    ...{ plan, plannedBytes, peak, updates, held },
    isPacked: packs(model),
    layers: compiledLayersChoice(),
    functions: compiledFunctions().length,
    poolTokens: lengths.reduce((sum, length) => sum + length, 0),
    poolQueries: pool.queries.length,
    flops: neededFlops(model.config, lengths, config.lora.rank),
    ...(rest && { encode: rest }),
    card: cards()[0],
  };
}

function oneUpdate(work: Work, pool: PoolTokens, plan: PoolPlan, pools: number): RecipeFigures['updates'][number] {
  const { model, parameters, optimizer } = work;
  const { lora, loss, optimizer: settings } = loadConfig('study').config;
  const seconds: UpdateSeconds = { first: 0, loss: 0, second: 0, optimizer: 0, all: 0 };
  const started = performance.now();
  const gradients: Gradients = new Map();
  const update = ++work.updates;
  const losses = Array.from({ length: pools }, (_, place) => {
    const dropout = { rate: lora.dropout, seed: [update, place] as const };
    const attempt = timedAttempt(plan, seconds);
    return atOnce(
      poolGradient(model, pool, parameters, { temperature: loss.temperature, dropout }, attempt, gradients),
    );
  });
  const gradientsThere = performance.now();
  const report = applyUpdate(gradients, losses, optimizer, { ...settings, update });
  waitForDevice();
  seconds.optimizer = secondsSince(gradientsThere);
  seconds.all = secondsSince(started);
  return { pools, ...report, seconds };
}

/** Steps by the plan, each waited for: passes, the loss, passes again. */
function timedAttempt(plan: PoolPlan, seconds: UpdateSeconds): Attempt {
  let isFirst = true;
  return function* timed<T extends object>(
    step: 'passes' | 'loss',
    work: (plan: PoolPlan) => Stepwise<T>,
  ): Stepwise<T> {
    const started = performance.now();
    const made = yield* work(plan);
    waitForDevice();
    const name = step === 'loss' ? 'loss' : isFirst ? 'first' : 'second';
    if (step === 'passes') isFirst = false;
    seconds[name] += secondsSince(started);
    return made;
  };
}

/** The passages of the pool again and again, as encoding a corpus does; the first time compiles. */
async function encoding(work: Work, pool: PoolTokens, chunkTokens: number) {
  const times: number[] = [];
  for (let time = 0; time < 3; time++) {
    const started = performance.now();
    await embed(work, pool.passages, chunkTokens);
    times.push(secondsSince(started));
    say(`${pool.passages.length} passages encoded in ${times.at(-1)!.toFixed(2)} s`);
  }
  const passagesPerSecond = pool.passages.length / Math.min(...times.slice(1));
  const { forward } = neededFlops(work.model.config, pool.passages.map(lengthOf), loadConfig('study').config.lora.rank);
  return { times, passagesPerSecond, flops: (forward / pool.passages.length) * passagesPerSecond };
}

/** A card does what it was told in order, so that what it does last says that all is done. */
function waitForDevice(): void {
  tf.tidy(() => tf.ones([1]).add(1).dataSync());
}

function alive() {
  return {
    tensors: tf.memory().numTensors,
    native: (tf.backend() as { getNumOfTFTensors?: () => number }).getNumOfTFTensors?.() ?? 0,
  };
}

function memoryText(): string {
  const card = capabilities().card ? nativeBackend().card() : undefined;
  return card ? `${((card.totalBytes - card.freeBytes) / 1e9).toFixed(1)} GB of the card` : 'no card';
}

const secondsSince = (start: number) => (performance.now() - start) / 1000;

/** For who watches; a job's answer is its standard output. */
const say = (text: string): void =>
  void process.stderr.write(`progress: ${secondsSince(begun).toFixed(1)} s ${text}\n`);
