import { backwardChunk, disposePass, forwardChunk, type Gradients } from '../../model/pass/encodeChunk.js';
import { alone } from '../../model/engine/ranks/collective.js';
import type { Sequence } from '../../model/pass/sequence.js';
import { mergeRowGradients, type RowGradients } from '../../model/pass/rowGradients.js';
import type { Stepwise } from '../../model/pass/stepwise.js';
import { tf } from '../../model/engine/tf.js';
import type { Dropout } from '../../model/layer/dropout.js';
import type { Model } from '../../model/layer/decoder.js';
import type { Parameters } from '../../model/layer/lora.js';
import { addGradient } from '../../model/layer/stackedLora.js';
import { narrowPass, narrows } from '../../model/pass/narrowPass.js';
import { backChunks } from './backChunks.js';
import { dealTexts, partOf } from './texts/dealTexts.js';
import { embedTexts, forgetPasses, type EmbeddedTexts, type PassPlan } from './embedTexts.js';
import { gatherRows, ownRows, type Exchange } from './exchange.js';
import { gradientLengths } from './texts/gradientLengths.js';
import { infoNce, type Candidates } from './loss.js';
import { sampleTexts, type TextSample } from './texts/sampleTexts.js';
import { textSet, type TextSet } from './texts/textChunks.js';

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
  /** Where rows that stand in the place of tokens, such as features of images, learn: their gradients are added to what is here. */
  rowGradients?: RowGradients | undefined;
  /** Backpropagate the gradient of some texts alone, as `sampleTexts` draws them; of all when left out. Waits for the device. */
  sampling?: Sampling | undefined;
  /** With the other ranks of the run, which all have the same pool; alone when left out. */
  exchange?: Exchange | undefined;
}

export interface Sampling {
  /** Of the exact gradient, as `sampleTexts` has it. */
  share: number;
  /** Gives a number in [0, 1) for each text of the pool in turn, queries first. */
  draw: () => number;
  onSampled: (sample: TextSample & { texts: number }) => void;
}

const withNobody: Exchange = { collective: alone, isAskedToStop: () => false };

/** Does one of the steps, perhaps more than once, each time with the plan as it is then. */
export type Attempt = <T extends object>(step: 'passes' | 'loss', work: (plan: PoolPlan) => Stepwise<T>) => Stepwise<T>;

/**
 * Loss of a pool, and its gradient added to `into`, while no more than one chunk of texts is in the model at a time:
 * embed all chunks, differentiate the loss for the embeddings, then backpropagate those gradients chunk by chunk.
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
  { temperature, margin, dropout, rowGradients, sampling, exchange = withNobody }: PoolOptions,
  attempt: Attempt,
  into: Gradients,
): Stepwise<tf.Scalar> {
  const sets = setsOf(pool);
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
  const factors = sampling && sampled(sampling, sets, [passages, queries], [dPassages, dQueries]);
  tf.dispose([passages, queries]);
  if (masked) margin!.onMasked(masked.dataSync<'float32'>()[0]!);
  masked?.dispose();
  const upstream = [dPassages, dQueries].map((all, set): Upstream => {
    const rows = ownRows(all, places[set]!, rank);
    const own = places[set]![rank]!;
    if (!factors) return { rows, places: [...own.keys()] };
    return chosenRows(
      rows,
      own.map((place) => factors[set]![place]!),
    );
  });
  let ofRows: RowGradients | undefined;
  const made = yield* attempt('passes', (plan) => {
    ofRows = rowGradients && new Map(); // of this attempt, which may fail half way
    return backward(model, own, embedded, upstream, parameters, plan, dropout, ofRows);
  });
  if (rowGradients) mergeRowGradients(ofRows!, rowGradients);
  tf.dispose(upstream.map(({ rows }) => rows));
  for (const [name, gradient] of Object.entries(made)) addGradient(into, name, gradient);
  // Where nothing at all was backpropagated, that is a gradient of zeros.
  if (sampling)
    for (const [name, { shape }] of parameters) if (!into.has(name)) addGradient(into, name, tf.zeros(shape));
  return loss;
}

/** Longest first: a pool that does not fit into memory fails at once. Passages before queries, for the same reason. */
function setsOf({ queries, passages }: Pick<PoolTokens, 'queries' | 'passages'>): TextSet[] {
  const numbersFrom = (first: number, texts: Sequence[]) => texts.map((_, index) => first + index);
  return [textSet(passages, numbersFrom(queries.length, passages)), textSet(queries, numbersFrom(0, queries))];
}

/** The texts of a pool that a rank embeds. */
export function ownTexts(
  pool: Pick<PoolTokens, 'queries' | 'passages'>,
  { rank, ranks }: Exchange['collective']['place'],
): Sequence[] {
  const sets = setsOf(pool);
  const places = dealTexts(sets, ranks);
  return sets.flatMap((set, index) => partOf(set, places[index]![rank]!).texts);
}

/** Every step once, by one plan. */
export const oneAttempt =
  (plan: PoolPlan): Attempt =>
  (_, work) =>
    work(plan);

/**
 * Draw which texts are backpropagated.
 * @returns of each set and place in its order, what its gradient is multiplied by
 */
function sampled(
  { share, draw, onSampled }: Sampling,
  sets: readonly TextSet[],
  embeddings: readonly tf.Tensor2D[],
  gradients: readonly tf.Tensor2D[],
): number[][] {
  const texts = sets.reduce((count, { order }) => count + order.length, 0);
  const lengths = new Float64Array(texts);
  sets.forEach(({ numbers, order }, set) => {
    const found = gradientLengths(embeddings[set]!, gradients[set]!);
    order.forEach((text, place) => (lengths[numbers[text]!] = found[place]!));
  });
  const sample = sampleTexts(lengths, share, draw);
  onSampled({ ...sample, texts });
  return sets.map(({ numbers, order }) => order.map((text) => sample.factors[numbers[text]!]!));
}

/** What is backpropagated of a set. */
interface Upstream {
  /** [texts backpropagated, hidden] */
  rows: tf.Tensor2D;
  /** Their places in the order of the set, ascending. */
  places: number[];
}

/** The rows that are backpropagated, times their factors. Consumes `all`. */
function chosenRows(all: tf.Tensor2D, factors: readonly number[]): Upstream {
  const chosen = [...factors.keys()].filter((place) => factors[place]! > 0);
  const rows = tf.tidy(() => {
    if (chosen.length === 0) return tf.zeros<tf.Rank.R2>([0, all.shape[1]]);
    const by = tf.tensor2d(
      chosen.map((place) => factors[place]!),
      [chosen.length, 1],
    );
    return tf.gather(all, tf.tensor1d(chosen, 'int32')).mul<tf.Tensor2D>(by);
  });
  all.dispose();
  return { rows, places: chosen };
}

/**
 * The second pass, backward from the gradient of each set's embeddings. Chunks that the first pass kept are not embedded
 * again; where they were cut by another plan, none of them counts.
 * @returns the gradients by parameter name; the caller owns them
 */
function* backward(
  model: Model,
  sets: readonly TextSet[],
  embedded: EmbeddedTexts,
  upstream: readonly Upstream[],
  parameters: Parameters,
  plan: PassPlan,
  dropout: Dropout | undefined,
  ofRows: RowGradients | undefined,
): Stepwise<Record<string, tf.Tensor>> {
  const isWhole = upstream.every(({ places }, set) => places.length === sets[set]!.order.length);
  if (plan.keptBytes === 0 || !(isWhole || narrows(model))) forgetPasses(embedded);
  const { chunks, passes } = embedded;
  const made: Gradients = new Map();
  const chosen = upstream.map(({ places }) => places);
  for (const { texts, set, first, dropout: masks, kept } of backChunks(
    sets,
    embedded,
    chosen,
    plan.chunkTokens,
    dropout,
  )) {
    let pass = kept && passes[kept.index]!;
    if (kept && texts.length > 0 && texts.length < chunks[kept.index]!.texts.length)
      pass = passes[kept.index] = narrowPass(model, pass!, chunks[kept.index]!.texts, kept.places, masks);
    pass ??= yield* forwardChunk(model, texts, masks, plan.savedLayers);
    if (texts.length > 0) {
      const { rows } = upstream[set]!;
      const dRows = tf.slice(rows, [first, 0], [texts.length, rows.shape[1]]);
      yield* backwardChunk(model, pass, dRows, parameters, made, ofRows && { texts, into: ofRows });
      dRows.dispose();
    }
    disposePass(pass);
    if (kept) passes[kept.index] = undefined;
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
