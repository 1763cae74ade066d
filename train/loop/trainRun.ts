import type { RunFolder } from '../../checkpoints/run/folder.js';
import type { RunLog } from '../../checkpoints/run/log.js';
import type { RunRecord } from '../../checkpoints/run/config.js';
import { pruneStates, saveState, type SavedState } from '../../checkpoints/run/state.js';
import type { EventFile } from '../../checkpoints/run/tensorboard.js';
import type { ExampleFile } from '../../data/arrow/openExamples.js';
import type { Contract } from '../../configs/contract.js';
import { PeerFailure } from '../../configs/peerFailure.js';
import { UserError } from '../../configs/userError.js';
import { seededRandom } from '../../data/random.js';
import type { Position } from '../../data/stream/shuffle.js';
import type { TokenCache } from '../../data/tokenCache/openTokenCache.js';
import type { TokenizerThreads } from '../../data/tokenizer/threads.js';
import { tokenPools, type TokenPool } from '../../data/stream/tokenPools.js';
import type { Dropout } from '../../model/layer/dropout.js';
import type { Gradients } from '../../model/pass/encodeChunk.js';
import type { Collective } from '../../model/engine/ranks/collective.js';
import { describeEngine, type Engine } from '../../model/engine/startEngine.js';
import { tf } from '../../model/engine/tf.js';
import { lengthOfAll } from '../../model/pass/sequence.js';
import { inTurns } from '../../model/pass/stepwise.js';
import type { Model } from '../../model/layer/decoder.js';
import type { Parameters } from '../../model/layer/lora.js';
import type { MemoryPlan } from '../../model/memory/memoryPlan.js';
import { bestOfNewest } from '../during/bestState.js';
import type { DuringTask } from '../during/duringTasks.js';
import { runEncoder } from '../during/runEncoder.js';
import { openScoring, type Scoring, type ScoringScreen } from '../during/scoring.js';
import { scoreTogether } from '../during/scoreTogether.js';
import { savedStanding, withStanding, type Standing } from '../during/standing.js';
import { sumGradients } from '../step/exchange.js';
import { GivenUp } from '../step/givenUp.js';
import { adamW } from '../step/update/optimizer.js';
import { ownTexts } from '../step/poolGradient.js';
import { poolWithinMemory } from '../step/poolWithinMemory.js';
import type { RunImages } from './images/openImages.js';
import { samplingOf, sharesOf, type Backpropagated } from './backpropagated.js';
import { poolsOf } from './pools.js';
import { withEngine } from './sameEngine.js';
import { savedOptimizer, savedPosition, stateOf } from './savedState.js';
import { rateShare } from '../step/update/schedule.js';
import { applyUpdate } from '../step/update/update.js';

/** What training works with; the caller made it and frees it. */
export interface Training {
  model: Model;
  parameters: Parameters;
  files: ExampleFile[];
  /** What reads the images of these, where they have any. */
  images: Pick<RunImages, 'pools' | 'reader'> | undefined;
  /** Kept tokens of each file, where there are any. */
  caches: (TokenCache | undefined)[];
  threads: TokenizerThreads;
  contract: Contract;
  /** Scored on between updates; none where the settings name none. */
  during: readonly DuringTask[];
  record: RunRecord;
  paths: RunFolder;
  log: RunLog;
  events: Omit<EventFile, 'close'>;
  plan: MemoryPlan;
  engine: Engine;
  /** The ranks that make the updates together; the first alone saves and scores. */
  collective: Collective;
  /** Go on from here. */
  from: SavedState | undefined;
}

interface UpdateReport {
  update: number;
  loss: number;
  gradNorm: number;
  learningRate: number;
  /** Tokens of text, padding not counted. */
  tokensPerSecond: number;
  /** Only where some texts are left out. */
  backpropagated?: Backpropagated;
}

/** What is told while updates are made. */
export interface TrainingScreen extends ScoringScreen {
  onUpdate(report: UpdateReport): void;
}

/** How training ended. */
export interface TrainingEnd {
  /** Whether nothing is left to do; false where it was interrupted. */
  isDone: boolean;
  /** The last update made. */
  last: number;
  standing: Standing;
}

/**
 * Make the updates that are left, saving and scoring as the settings say. Where an interruption is asked for, training
 * ends within a layer's time: the state after the last whole update is saved, the one under way is given up. Several
 * ranks agree on it, where they next exchange something.
 * @param isInterrupted  asked again and again
 */
export async function trainRun(
  training: Training,
  isInterrupted: () => boolean,
  screen: TrainingScreen,
): Promise<TrainingEnd> {
  const { model, parameters, images, record, log, events, from } = training;
  const { settings, updates } = record;
  const first = (from?.step ?? 0) + 1;
  const optimizer = adamW(parameters, settings.optimizer, from && savedOptimizer(from, parameters));
  const { poolsPerUpdate, saveEverySteps } = settings.training;
  const plan = { ...training.plan };
  const onLess = (chunkTokens: number) =>
    log.log.warn('warning', { text: `memory has run out; going on with chunks of ${chunkTokens} tokens` });
  const pools = tokenPools(
    poolsOf(training.files, settings, from && savedPosition(from), record.weights),
    training.threads,
    2 * poolsPerUpdate,
    training.caches,
  );
  const { collective } = training;
  const exchange = { collective, isAskedToStop: isInterrupted };
  const isAlone = collective.place.ranks === 1;
  const isSampled = settings.training.gradientShare < 1;
  const givenUp = () => (isAlone && isInterrupted() ? new GivenUp() : undefined);
  let isOver = false;
  const scoring = scoringOf(training, () => (isOver || isInterrupted() ? new GivenUp() : undefined), screen);
  const keep = async (update: number, position: Position) => {
    if (collective.place.rank > 0) return;
    await save(training, update, stateOf(parameters, optimizer, position), scoring);
    log.log.info('save', { step: update });
    log.check();
    events.flush();
  };
  const gradients: Gradients = new Map();
  const losses: tf.Scalar[] = [];
  let reached: { update: number; position: Position } | undefined;
  let isScoring = false;
  let savedAt = first - 1;
  let withoutGradient = from ? -Infinity : 0;
  const end = (isDone: boolean): TrainingEnd => ({
    ...{ isDone, last: reached?.update ?? first - 1, standing: scoring.standing() },
  });
  try {
    // The process before this one may have been interrupted between an update and its scoring.
    const before = await scoreTogether(scoring, first - 1, collective);
    if (from && before.isScored) await keep(from.step, savedPosition(from));
    let { isBest, isAtEnd } = before;
    for (let update = first; update <= updates && !isAtEnd; update++) {
      const startMs = performance.now();
      let position: Position | undefined;
      let tokens = 0;
      const masked = { byId: 0, byText: 0, byScore: 0 };
      const towerDropout = dropoutOf(settings, update, 'tower');
      const backpropagated = { texts: 0, ofTexts: 0, variance: 0, square: 0 };
      for (let index = 0; index < poolsPerUpdate; index++) {
        const marked = (await pools.next()).value as TokenPool;
        const pool = images ? images.pools.place(marked) : marked;
        await images?.pools.fill(ownTexts(pool, collective.place), givenUp, towerDropout);
        const { rate, seed } = dropoutOf(settings, update, index);
        const { temperature, falseNegativeMargin } = settings.loss;
        let byScore = 0; // told again where memory ran out and the pool was done over
        const onMasked = (count: number) => void (byScore = count);
        const options = {
          temperature,
          ...(falseNegativeMargin !== undefined && { margin: { value: falseNegativeMargin, onMasked } }),
          ...(rate > 0 && { dropout: { rate, seed } }),
          ...(isSampled && { sampling: samplingOf(settings, update, index, backpropagated) }),
          ...{ exchange, rowGradients: images?.pools.gradients },
        };
        const work = poolWithinMemory(model, pool, parameters, options, plan, gradients, onLess);
        losses.push(await inTurns(work, givenUp));
        position = marked.next;
        masked.byId += marked.masked.byId;
        masked.byText += marked.masked.byText;
        masked.byScore += byScore;
        tokens += lengthOfAll([...pool.queries, ...pool.passages]);
      }
      await images?.pools.backpropagate(parameters, gradients, givenUp, towerDropout);
      images?.pools.forget();
      const learningRate = settings.optimizer.learningRate * rateShare(settings.schedule, update, updates);
      const { maxGradNorm } = settings.optimizer;
      isOver = sumGradients(exchange, gradients, parameters);
      const { loss, gradNorm } = applyUpdate(gradients, losses, optimizer, { learningRate, maxGradNorm, update });
      gradients.clear();
      losses.length = 0;
      reached = { update, position: position! };
      withoutGradient = gradNorm === 0 ? withoutGradient + 1 : -Infinity;
      if (withoutGradient === Math.min(updatesWithoutGradient, updates)) throw nothingToLearn(withoutGradient);
      const tokensPerSecond = Math.round((tokens / (performance.now() - startMs)) * 1000);
      const report = { update, loss, gradNorm, learningRate, tokensPerSecond };
      const sampled = isSampled && { backpropagated: sharesOf(backpropagated) };
      log.log.info('step', { step: update, loss, gradNorm, learningRate, tokensPerSecond, tokens, masked, ...sampled });
      for (const tag of ['loss', 'gradNorm', 'learningRate', 'tokensPerSecond'] as const)
        events.scalar(`train/${tag}`, report[tag], update);
      screen.onUpdate({ ...report, ...sampled });
      await new Promise(setImmediate); // lets signals, worker messages and the progress bar through
      isScoring = true;
      ({ isBest, isAtEnd } = await scoreTogether(scoring, update, collective));
      isScoring = false;
      const isLast = update === updates || isAtEnd;
      const stops = (isAlone ? isInterrupted() : isOver) && !isLast;
      const isBestKept = isBest && settings.training.keepBest === true;
      if (stops || isLast || isBestKept || update % saveEverySteps === 0) await keep((savedAt = update), position!);
      if (stops) return end(false);
    }
    return end(true);
  } catch (error) {
    tf.dispose([...gradients.values(), ...losses]);
    // Whatever went wrong, the updates that were made are whole.
    const isBetween =
      error instanceof GivenUp || error instanceof PeerFailure || (isScoring && error instanceof UserError);
    if (isBetween && reached && reached.update > savedAt) await keep(reached.update, reached.position);
    if (!(error instanceof GivenUp)) throw error;
    return end(false);
  } finally {
    await pools.return(undefined);
    optimizer.dispose();
  }
}

/** A first pool may by chance hold nothing to tell apart. */
const updatesWithoutGradient = 10;

const nothingToLearn = (updates: number) =>
  new UserError(
    `the first ${updates} updates had no gradient: within a pool all passages are alike, or every negative is masked as a ` +
      'positive; see what the training data holds by npm run data -- inspect',
  );

async function save(
  { paths, record, engine, during }: Training,
  update: number,
  state: ReturnType<typeof stateOf>,
  scoring: Scoring,
): Promise<void> {
  const standing = during.length === 0 ? state : withStanding(state, scoring.standing(), during);
  await saveState(paths.state, update, withEngine(standing, describeEngine(engine)));
  const { keepStates, keepBest } = record.settings.training;
  await pruneStates(paths.state, keepStates, keepBest ? await bestOfNewest(paths.state, keepStates) : []);
}

function scoringOf(training: Training, givenUp: () => Error | undefined, screen: TrainingScreen): Scoring {
  const { threads, during, record, from } = training;
  const { batchTokens } = record.settings.evaluation;
  const { chunkTokens } = record.settings.training;
  // What is in the model at one time must fit beside what training holds; its own chunks do.
  const tokens = chunkTokens === 'auto' ? batchTokens : Math.min(batchTokens, chunkTokens);
  const encoder = runEncoder(training, threads, tokens, givenUp);
  const onScoring: TrainingScreen['onScoring'] = (...progress) => {
    screen.onScoring(...progress);
    const error = givenUp();
    if (error) throw error;
  };
  const told = { ...screen, onScoring };
  return openScoring(record.settings, record.updates, during, savedStanding(from), encoder, training, told);
}

/**
 * Masks are drawn anew for each pool of each update, and alike whenever and wherever that pool is computed again. Images go
 * through the tower once an update, whatever pools they are in.
 */
function dropoutOf({ seed, lora }: RunRecord['settings'], update: number, pool: number | 'tower'): Dropout {
  const random = seededRandom(seed, 'dropout', update, pool);
  const number = () => (random() * 2 ** 32) | 0;
  return { rate: lora.dropout, seed: [number(), number()] };
}
