import { multiply } from '../../model/engine/product/multiply.js';
import { tf } from '../../model/engine/tf.js';

/** Which passages of a pool a query is compared with. Every distinct text stands once. */
export interface Candidates {
  /** Each query's positive, an index into the passages. */
  targets: ArrayLike<number>;
  /** [queries, passages]: how often the passage stands among the query's candidates; 0 leaves it out. */
  counts: Float32Array;
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

/**
 * InfoNCE over a pool: each query must pick its own positive out of all its candidates. A passage that stands m times
 * adds m equal terms to the denominator, which is what ln m added to its logit gives; so each text is embedded once.
 * Source: DPR (arXiv 2004.04906) section 3.2, with a temperature; the gradient of cross-entropy is softmax minus target.
 * @param queries   [queries, hidden], unit length
 * @param passages  [passages, hidden], unit length
 * @param temperature  divides the cosines; above 0
 * @param margin  candidates whose cosine exceeds that of the query's positive plus this are left out, as likely to be
 *   relevant themselves; no gradient passes through that choice. Source: NV-Retriever (arXiv 2407.15831) section 4 for
 *   the rule against the positive's score
 */
export function infoNce(
  queries: tf.Tensor2D,
  passages: tf.Tensor2D,
  { targets, counts }: Candidates,
  temperature: number,
  margin?: number,
): LossAndGradient {
  const shape: [number, number] = [queries.shape[0], passages.shape[0]];
  const [rows, columns] = shape;
  const own = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) own[row * columns + targets[row]!] = 1;
  const offsets = counts.map((count) => (count > 0 ? Math.log(count) : -1e9));
  return tf.tidy(() => {
    const cosines = multiply(queries, passages, false, true); // [queries, passages]
    const target = tf.tensor2d(own, shape);
    const tooClose = margin === undefined ? undefined : closerThan(cosines, target, margin);
    const kept = tf.tensor2d(offsets, shape);
    const offset = tooClose ? tf.where(tooClose, tf.fill(shape, -1e9), kept) : kept;
    const logits = cosines.div<tf.Tensor2D>(temperature).add<tf.Tensor2D>(offset);
    const logShares = tf.logSoftmax(logits);
    // A target that stands more than once is picked at any of its places: its own ln m is no part of the numerator.
    const ownOffset = [...Array(rows).keys()].reduce((sum, row) => sum + offsets[row * columns + targets[row]!]!, 0);
    const loss = logShares.mul(target).sum().sub(ownOffset).div<tf.Scalar>(-rows);
    const dCosines = logShares
      .exp()
      .sub<tf.Tensor2D>(target)
      .div<tf.Tensor2D>(rows * temperature);
    const masked = tooClose?.toFloat().mul(tf.tensor2d(counts, shape)).sum<tf.Scalar>();
    return {
      loss,
      dQueries: multiply(dCosines, passages),
      dPassages: multiply(dCosines, queries, true, false),
      ...(masked && { masked }),
    };
  });
}

/** Which candidates but the target itself have a cosine above the target's plus the margin: [queries, passages]. */
function closerThan(cosines: tf.Tensor2D, target: tf.Tensor2D, margin: number): tf.Tensor2D {
  const limit = cosines.mul(target).sum(1, true).add(margin); // [queries, 1]
  return cosines.greater(limit).logicalAnd(target.equal(0));
}
