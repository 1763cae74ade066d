import { countOf, type CandidateCounts } from '../../data/stream/candidateCounts.js';
import { multiply } from '../../model/engine/product/multiply.js';
import { tf } from '../../model/engine/tf.js';
import { lossBlockElements } from '../../model/memory/memoryPlan.js';
import type { Stepwise } from '../../model/pass/stepwise.js';

/** Which passages of a pool a query is compared with. Every distinct text stands once. */
export interface Candidates {
  /** Each query's positive, an index into the passages. */
  targets: ArrayLike<number>;
  counts: CandidateCounts;
}

/** Loss of one pool with its gradient for both sides; the caller owns the tensors. */
export interface LossAndGradient {
  /** Mean negative log-likelihood in nats, scalar. */
  loss: tf.Scalar;
  /** [queries, hidden] */
  dQueries: tf.Tensor2D;
  /** [passages, hidden] */
  dPassages: tf.Tensor2D;
  /** Candidates left out by the margin, each as often as it stands there, scalar; only where a margin was given. */
  masked?: tf.Scalar;
}

export interface LossOptions {
  /** Divides the cosines; above 0. */
  temperature: number;
  /**
   * Candidates whose cosine exceeds that of the query's positive plus this are left out, as likely to be relevant
   * themselves; no gradient passes through that choice. Source: NV-Retriever (arXiv 2407.15831) section 4 for the rule
   * against the positive's score.
   */
  margin?: number | undefined;
  /** Queries times passages that are looked at together; as the memory plan counts with when left out. */
  blockElements?: number;
}

/**
 * InfoNCE over a pool: each query must pick its own positive out of all its candidates. A passage that stands m times
 * adds m equal terms to the denominator, which is what ln m added to its logit gives; so each text is embedded once.
 * Queries are looked at in blocks, so that memory does not grow with queries times passages.
 * Source: DPR (arXiv 2004.04906) section 3.2, with a temperature; the gradient of cross-entropy is softmax minus target.
 * @param queries   [queries, hidden], unit length
 * @param passages  [passages, hidden], unit length
 */
export function* infoNce(
  queries: tf.Tensor2D,
  passages: tf.Tensor2D,
  candidates: Candidates,
  { blockElements = lossBlockElements, ...options }: LossOptions,
): Stepwise<LossAndGradient> {
  const [rows, hidden] = queries.shape;
  const blockRows = Math.max(1, Math.floor(blockElements / passages.shape[0]));
  const blocks: tf.Tensor2D[] = [];
  let sums: Sums | undefined;
  for (let first = 0; first < rows; first += blockRows) {
    if (first > 0) yield;
    const count = Math.min(blockRows, rows - first);
    const before: Sums | undefined = sums;
    const { dQueries, ...found } = tidied(() => {
      const part = count === rows ? queries : tf.slice(queries, [first, 0], [count, hidden]);
      const block = lossOfBlock(part, passages, blockOf(candidates, first, count), rows, options);
      return before ? { ...block, ...added(before, block) } : block;
    });
    if (before) tf.dispose(Object.values(before));
    sums = found;
    blocks.push(dQueries);
  }
  const dQueries = blocks.length === 1 ? blocks[0]! : tf.concat(blocks);
  if (blocks.length > 1) tf.dispose(blocks);
  return { ...sums!, dQueries };
}

/** `tf.tidy` for results that TypeScript does not take for a container of tensors. */
const tidied = <T extends object>(work: () => T): T => tf.tidy(() => work() as T & tf.TensorContainer);

type Sums = Omit<LossAndGradient, 'dQueries'>;

function added(one: Sums, other: Sums): Sums {
  return {
    loss: one.loss.add(other.loss),
    dPassages: one.dPassages.add(other.dPassages),
    ...(one.masked && { masked: one.masked.add<tf.Scalar>(other.masked!) }),
  };
}

interface Block {
  targets: number[];
  counts: CandidateCounts;
}

const blockOf = ({ targets, counts: { times, fewer } }: Candidates, first: number, count: number): Block => ({
  targets: Array.from({ length: count }, (_, row) => targets[first + row]!),
  counts: { times, fewer: fewer.slice(first, first + count) },
});

/** A block's part of the loss over `all` queries, and of its gradient. */
function lossOfBlock(
  queries: tf.Tensor2D,
  passages: tf.Tensor2D,
  { targets, counts }: Block,
  all: number,
  { temperature, margin }: LossOptions,
): LossAndGradient {
  const shape: [number, number] = [queries.shape[0], passages.shape[0]];
  const offsetOf = (count: number) => (count > 0 ? Math.log(count) : -1e9);
  const cosines = multiply(queries, passages, false, true); // [block, passages]
  const target = atPlaces(
    targets.map((passage, row) => [row, passage, 1] as const),
    shape,
  );
  const tooClose = margin === undefined ? undefined : closerThan(cosines, target, margin);
  const kept = table(counts, offsetOf, shape);
  const offset = tooClose ? tf.where(tooClose, tf.fill(shape, -1e9), kept) : kept;
  const logShares = tf.logSoftmax(cosines.div<tf.Tensor2D>(temperature).add<tf.Tensor2D>(offset));
  // A target that stands more than once is picked at any of its places: its own ln m is no part of the numerator.
  const ownOffset = targets.reduce((sum, passage, row) => sum + offsetOf(countOf(counts, row, passage)), 0);
  const loss = logShares.mul(target).sum().sub(ownOffset).div<tf.Scalar>(-all);
  const dCosines = logShares
    .exp()
    .sub<tf.Tensor2D>(target)
    .div<tf.Tensor2D>(all * temperature);
  const masked = tooClose
    ?.toFloat()
    .mul(table(counts, (count) => count, shape))
    .sum<tf.Scalar>();
  return {
    loss,
    dQueries: multiply(dCosines, passages),
    dPassages: multiply(dCosines, queries, true, false),
    ...(masked && { masked }),
  };
}

/** `valueOf` each count, [queries, passages]; [1, passages] where all queries have the same. */
function table({ times, fewer }: CandidateCounts, valueOf: (count: number) => number, shape: [number, number]) {
  const usual = tf.tensor2d(Float32Array.from(times, valueOf), [1, shape[1]]);
  const others = fewer.flatMap((of, row) =>
    [...of].map(([passage, count]) => [row, passage, valueOf(count) - valueOf(times[passage]!)] as const),
  );
  return others.length === 0 ? usual.broadcastTo<tf.Rank.R2>(shape) : usual.add<tf.Tensor2D>(atPlaces(others, shape));
}

/** Zeros with values at some places. */
function atPlaces(entries: (readonly [row: number, column: number, value: number])[], shape: [number, number]) {
  const places = tf.tensor2d(
    entries.flatMap(([row, column]) => [row, column]),
    [entries.length, 2],
    'int32',
  );
  return tf.scatterND<tf.Rank.R2>(places, tf.tensor1d(entries.map(([, , value]) => value)), shape);
}

/** Which candidates but the target itself have a cosine above the target's plus the margin: [queries, passages]. */
function closerThan(cosines: tf.Tensor2D, target: tf.Tensor2D, margin: number): tf.Tensor2D {
  const limit = cosines.mul(target).sum(1, true).add(margin); // [queries, 1]
  return cosines.greater(limit).logicalAnd(target.equal(0));
}
