import { backwardChunk, disposePass, forwardChunk, type Gradients } from '../../model/pass/encodeChunk.js';
import { alone } from '../../model/engine/ranks/collective.js';
import type { Sequence } from '../../model/pass/sequence.js';
import type { Stepwise } from '../../model/pass/stepwise.js';
import { tf } from '../../model/engine/tf.js';
import type { Dropout } from '../../model/layer/dropout.js';
import type { Model } from '../../model/layer/decoder.js';
import type { Parameters } from '../../model/layer/lora.js';
import { addGradient } from '../../model/layer/stackedLora.js';
import { dealTexts, partOf } from './dealTexts.js';
import { embedTexts, forgetPasses, type EmbeddedTexts, type PassPlan } from './embedTexts.js';
import { gatherRows, ownRows, type Exchange } from './exchange.js';
import { infoNce, type Candidates } from './loss.js';
import { chunksOf, textSet, type TextSet } from './textChunks.js';

/** One pool as the model reads it; every distinct text stands once. */
export interface PoolTokens extends Candidates {
  queries: Sequence[];
  passages: Sequence[];
}

export interface PoolPlan extends PassPlan {
  /** Queries times passages that the loss looks at together; as `infoNce` has it when left out. */
  blockElements?: number;
}

export interface PoolOptions {
  temperature: number;
  /** As `infoNce` has it; `onMasked` is told how many candidates it left out, which waits for the device. */
  margin?: { value: number; onMasked: (count: number) => void } | undefined;
  /** Dropout of adapter inputs; a text is masked by its number in the pool, queries counted first. */
  dropout?: Dropout | undefined;
  /** With the other ranks of the run, which all have the same pool; alone when left out. */
  exchange?: Exchange | undefined;
}

const withNobody: Exchange = { collective: alone, isAskedToStop: () => false };

/** Does one of the steps, perhaps more than once, each time with the plan as it is then. */
export type Attempt = <T extends object>(step: 'passes' | 'loss', work: (plan: PoolPlan) => Stepwise<T>) => Stepwise<T>;

/**
 * Loss of a pool, and its gradient added to `into`, while no more than one chunk of texts is in the model at a time:
 * embed all chunks, differentiate the loss for the embeddings, then send those gradients back chunk by chunk.
 * A chunk whose layer inputs could be kept is embedded once, the others a second time. Several ranks embed a part of the
 * texts each, gather all embeddings, and compute the loss of the whole pool; what is added to `into` is then the part of
 * the gradient that this rank's texts give: `sumGradients` makes it whole.
 * Source: GradCache (arXiv 2101.06983).
 * @param attempt  runs each of the three steps; what ranks exchange is between them, since none may do it twice
 * @returns the loss, scalar; the caller owns it. Alone, nothing has waited for the device yet
 * @throws GivenUp, on every rank, where one was asked to stop
 */
export function* poolGradient(
  model: Model,
  pool: PoolTokens,
  parameters: Parameters,
  { temperature, margin, dropout, exchange = withNobody }: PoolOptions,
  attempt: Attempt,
  into: Gradients,
): Stepwise<tf.Scalar> {
  // Longest first: a pool that does not fit into memory fails at once. Passages before queries, for the same reason.
  const numbersFrom = (first: number, texts: Sequence[]) => texts.map((_, index) => first + index);
  const sets = [
    textSet(pool.passages, numbersFrom(pool.queries.length, pool.passages)),
    textSet(pool.queries, numbersFrom(0, pool.queries)),
  ];
  const { rank, ranks } = exchange.collective.place;
  const places = dealTexts(sets, ranks);
  const own = sets.map((set, index) => partOf(set, places[index]![rank]!));
  const embedded = yield* attempt('passes', (plan) => embedTexts(model, own, plan, dropout));
  const [passages, queries] = embedded.rows.map((rows, set) => gatherRows(exchange, rows, places[set]!)) as [
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  const candidates = candidatesInOrder(pool, sets[1]!.order, sets[0]!.order);
  const { loss, dQueries, dPassages, masked } = yield* attempt('loss', ({ keptBytes, blockElements }) => {
    if (keptBytes === 0) forgetPasses(embedded);
    return infoNce(queries, passages, candidates, {
      temperature,
      margin: margin?.value,
      ...(blockElements !== undefined && { blockElements }),
    });
  });
  tf.dispose([passages, queries]);
  if (masked) margin!.onMasked(masked.dataSync<'float32'>()[0]!);
  masked?.dispose();
  const upstream = [dPassages, dQueries].map((all, set) => ownRows(all, places[set]!, rank));
  const made = yield* attempt('passes', (plan) => backward(model, own, embedded, upstream, parameters, plan, dropout));
  tf.dispose(upstream);
  for (const [name, gradient] of Object.entries(made)) addGradient(into, name, gradient);
  return loss;
}

/** Every step once, by one plan. */
export const oneAttempt =
  (plan: PoolPlan): Attempt =>
  (_, work) =>
    work(plan);

/**
 * The second pass, backward from the gradient of each set's embeddings. Chunks that the first pass kept are not embedded
 * again; where they were cut by another plan, none of them counts.
 * @returns the gradients by parameter name; the caller owns them
 */
function* backward(
  model: Model,
  sets: readonly TextSet[],
  embedded: EmbeddedTexts,
  upstream: readonly tf.Tensor2D[],
  parameters: Parameters,
  plan: PassPlan,
  dropout: Dropout | undefined,
): Stepwise<Record<string, tf.Tensor>> {
  if (plan.keptBytes === 0) forgetPasses(embedded);
  const { passes } = embedded;
  const made: Gradients = new Map();
  const rows = sets.map(() => 0);
  for (const [index, chunk] of chunksOf(sets, plan.chunkTokens, dropout).entries()) {
    const { texts, set } = chunk;
    const pass = passes[index] ?? (yield* forwardChunk(model, texts, chunk.dropout, plan.savedLayers));
    const dRows = tf.slice(upstream[set]!, [rows[set]!, 0], [texts.length, upstream[set]!.shape[1]]);
    rows[set]! += texts.length;
    yield* backwardChunk(model, pass, dRows, parameters, made);
    dRows.dispose();
    disposePass(pass);
    passes[index] = undefined;
    yield;
  }
  return Object.fromEntries(made);
}

/** The candidates with queries and passages in another order: moving these few numbers spares moving the embeddings. */
function candidatesInOrder({ targets, counts, passages }: PoolTokens, queryOrder: number[], passageOrder: number[]) {
  const placeOf = new Int32Array(passages.length);
  passageOrder.forEach((passage, place) => (placeOf[passage] = place));
  return {
    targets: queryOrder.map((query) => placeOf[targets[query]!]!),
    counts: {
      times: Int32Array.from(passageOrder, (passage) => counts.times[passage]!),
      fewer: queryOrder.map(
        (query) => new Map([...counts.fewer[query]!].map(([passage, count]) => [placeOf[passage]!, count])),
      ),
    },
  };
}
