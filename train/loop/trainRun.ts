import type { RunFolder } from '../../checkpoints/run/folder.js';
import type { RunLog } from '../../checkpoints/run/log.js';
import type { RunRecord } from '../../checkpoints/run/config.js';
import { pruneStates, saveState, type SavedState } from '../../checkpoints/run/state.js';
import type { EventFile } from '../../checkpoints/run/tensorboard.js';
import type { ExampleFile } from '../../data/arrow/openExamples.js';
import { UserError } from '../../configs/userError.js';
import { seededRandom } from '../../data/random.js';
import type { Position } from '../../data/stream/shuffle.js';
import type { TokenCache } from '../../data/tokenCache/openTokenCache.js';
import type { TokenizerThreads } from '../../data/tokenizer/threads.js';
import { tokenPools, type TokenPool } from '../../data/stream/tokenPools.js';
import type { Dropout } from '../../model/layer/dropout.js';
import type { Gradients } from '../../model/pass/encodeChunk.js';
import { describeEngine, type Engine } from '../../model/engine/startEngine.js';
import { tf } from '../../model/engine/tf.js';
import { inTurns } from '../../model/pass/stepwise.js';
import type { Model } from '../../model/layer/decoder.js';
import type { Parameters } from '../../model/layer/lora.js';
import type { MemoryPlan } from '../../model/memory/memoryPlan.js';
import { adamW } from '../step/optimizer.js';
import { poolWithinMemory } from '../step/poolWithinMemory.js';
import { poolsOf } from './pools.js';
import { withEngine } from './sameEngine.js';
import { savedOptimizer, savedPosition, stateOf } from './savedState.js';
import { rateShare } from '../step/schedule.js';
import { applyUpdate } from '../step/update.js';

/** What training works with; the caller made it and frees it. */
export interface Training {
  model: Model;
  parameters: Parameters;
  files: ExampleFile[];
  /** Kept tokens of each file, where there are any. */
  caches: (TokenCache | undefined)[];
  threads: TokenizerThreads;
  record: RunRecord;
  paths: RunFolder;
  log: RunLog;
  events: EventFile;
  plan: MemoryPlan;
  engine: Engine;
  /** Go on from here. */
  from: SavedState | undefined;
}

export interface UpdateReport {
  update: number;
  loss: number;
  gradNorm: number;
  learningRate: number;
  /** Tokens of text, padding not counted. */
  tokensPerSecond: number;
}

/**
 * Make the updates that are left, saving as the settings say. Where an interruption is asked for, training ends within
 * a layer's time: the state after the last whole update is saved, the one under way is given up.
 * @param isInterrupted  asked again and again
 * @param onUpdate       told of every update
 * @returns whether every update was made
 */
export async function trainRun(
  training: Training,
  isInterrupted: () => boolean,
  onUpdate: (report: UpdateReport) => void,
): Promise<boolean> {
  const { model, parameters, record, log, events, from } = training;
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
  const keep = async (update: number, position: Position) => {
    await save(training, update, stateOf(parameters, optimizer, position));
    log.log.info('save', { step: update });
    log.check();
    events.flush();
  };
  const givenUp = () => (isInterrupted() ? new GivenUp() : undefined);
  const gradients: Gradients = new Map();
  const losses: tf.Scalar[] = [];
  let reached: { update: number; position: Position } | undefined;
  let savedAt = first - 1;
  let withoutGradient = from ? -Infinity : 0;
  try {
    for (let update = first; update <= updates; update++) {
      const startMs = performance.now();
      let position: Position | undefined;
      let tokens = 0;
      const masked = { byId: 0, byText: 0, byScore: 0 };
      for (let index = 0; index < poolsPerUpdate; index++) {
        const pool = (await pools.next()).value as TokenPool;
        const { rate, seed } = dropoutOf(settings, update, index);
        const { temperature, falseNegativeMargin } = settings.loss;
        let byScore = 0; // told again where memory ran out and the pool was done over
        const onMasked = (count: number) => void (byScore = count);
        const options = {
          temperature,
          ...(falseNegativeMargin !== undefined && { margin: { value: falseNegativeMargin, onMasked } }),
          ...(rate > 0 && { dropout: { rate, seed } }),
        };
        const work = poolWithinMemory(model, pool, parameters, options, plan, gradients, onLess);
        losses.push(await inTurns(work, givenUp));
        position = pool.next;
        masked.byId += pool.masked.byId;
        masked.byText += pool.masked.byText;
        masked.byScore += byScore;
        tokens += [...pool.queries, ...pool.passages].reduce((sum, ids) => sum + ids.length, 0);
      }
      const learningRate = settings.optimizer.learningRate * rateShare(settings.schedule, update, updates);
      const { maxGradNorm } = settings.optimizer;
      const { loss, gradNorm } = applyUpdate(gradients, losses, optimizer, { learningRate, maxGradNorm, update });
      gradients.clear();
      losses.length = 0;
      reached = { update, position: position! };
      withoutGradient = gradNorm === 0 ? withoutGradient + 1 : -Infinity;
      if (withoutGradient === Math.min(updatesWithoutGradient, updates)) throw nothingToLearn(withoutGradient);
      const tokensPerSecond = Math.round((tokens / (performance.now() - startMs)) * 1000);
      const report = { update, loss, gradNorm, learningRate, tokensPerSecond };
      log.log.info('step', { step: update, loss, gradNorm, learningRate, tokensPerSecond, tokens, masked });
      for (const tag of ['loss', 'gradNorm', 'learningRate', 'tokensPerSecond'] as const)
        events.scalar(`train/${tag}`, report[tag], update);
      onUpdate(report);
      await new Promise(setImmediate); // lets signals, worker messages and the progress bar through
      const stops = isInterrupted() && update < updates;
      if (stops || update === updates || update % saveEverySteps === 0) await keep((savedAt = update), position!);
      if (stops) return false;
    }
    return true;
  } catch (error) {
    tf.dispose([...gradients.values(), ...losses]);
    if (!(error instanceof GivenUp)) throw error;
    if (reached && reached.update > savedAt) await keep(reached.update, reached.position);
    return false;
  } finally {
    await pools.return(undefined);
    optimizer.dispose();
  }
}

/** An update that is not brought to its end: the next process makes it again, the same. */
class GivenUp extends Error {}

/** A first pool may by chance hold nothing to tell apart. */
const updatesWithoutGradient = 10;

const nothingToLearn = (updates: number) =>
  new UserError(
    `the first ${updates} updates had no gradient: within a pool all passages are alike, or every negative is masked as a ` +
      'positive; see what the training data holds by npm run data -- inspect',
  );

async function save({ paths, record, engine }: Training, update: number, state: ReturnType<typeof stateOf>) {
  await saveState(paths.state, update, withEngine(state, describeEngine(engine)));
  await pruneStates(paths.state, record.settings.training.keepStates);
}

/** Masks are drawn anew for each pool of each update, and alike whenever and wherever that pool is computed again. */
function dropoutOf({ seed, lora }: RunRecord['settings'], update: number, pool: number): Dropout {
  const random = seededRandom(seed, 'dropout', update, pool);
  const number = () => (random() * 2 ** 32) | 0;
  return { rate: lora.dropout, seed: [number(), number()] };
}
