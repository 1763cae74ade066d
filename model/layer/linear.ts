import { dropoutMask, type RowDropout } from '../engine/dropoutMask.js';
import type { FrozenMatrix } from '../engine/product/frozenMatrix.js';
import { multiply } from '../engine/product/multiply.js';
import { tf } from '../engine/tf.js';
import { times } from '../engine/withNumber.js';

/** A frozen projection, perhaps with an adapter, or (while a base is pretrained) one whose weight learns. */
export interface Linear {
  /** [out, in] */
  weight: FrozenMatrix | tf.Tensor2D;
  /** [out] */
  bias?: tf.Tensor1D;
  adapter?: AdapterPair;
}

/** A low-rank change of a frozen weight: scale · B A is added to it. */
export interface AdapterPair {
  /** [rank, in] */
  a: tf.Tensor2D;
  /** [out, rank] */
  b: tf.Tensor2D;
  /** alpha / rank */
  scale: number;
  /** Sets the masks of this projection apart from those of all others. */
  number: number;
}

/**
 * y = x Wᵀ + bias, plus scale · (x Aᵀ) Bᵀ where an adapter is attached; dropout acts on the adapter's input.
 * Source: LoRA (arXiv 2106.09685) section 4.1; PEFT `lora.Linear`.
 * @param x  [rows, in]
 * @returns  [rows, out]; the caller owns it
 */
export function linear(x: tf.Tensor2D, { weight, bias, adapter }: Linear, dropout?: RowDropout): tf.Tensor2D {
  return tf.tidy(() => {
    const straight = weight instanceof tf.Tensor ? trainedProduct(x, weight) : frozenProduct(x, weight);
    const biased = bias ? straight.add<tf.Tensor2D>(bias) : straight;
    return adapter ? biased.add(adapted(x, adapter, dropout)) : biased;
  });
}

function frozenProduct(x: tf.Tensor2D, weight: FrozenMatrix): tf.Tensor2D {
  const op = tf.customGrad((x) => ({
    value: weight.forward(x as tf.Tensor2D),
    gradFunc: (dy: tf.Tensor) => weight.backward(dy as tf.Tensor2D),
  }));
  return op(x) as tf.Tensor2D;
}

function trainedProduct(x: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D {
  const op = tf.customGrad((...inputs) => {
    const [x, weight, save] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    save([x, weight]);
    return {
      value: multiply(x, weight, false, true),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, weight] = saved as [tf.Tensor2D, tf.Tensor2D];
        return [multiply(dy as tf.Tensor2D, weight), multiply(dy as tf.Tensor2D, x, true, false)];
      },
    };
  });
  return op(x, weight);
}

function adapted(x: tf.Tensor2D, { a, b, scale, number }: AdapterPair, dropout?: RowDropout): tf.Tensor2D {
  if (!dropout || dropout.rate === 0) return lowRank(x, a, b, scale);
  const mask = dropoutMask(dropout, x.shape[1], number);
  return lowRank(x.mul(mask), a, b, scale);
}

/** scale · (x Aᵀ) Bᵀ. The products are ordered so that only A and B are ever transposed. */
function lowRank(x: tf.Tensor2D, a: tf.Tensor2D, b: tf.Tensor2D, scale: number): tf.Tensor2D {
  const op = tf.customGrad((...inputs) => {
    const [x, a, b, save] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    const inner = times(multiply(x, a, false, true), scale); // [rows, rank]
    save([x, a, b, inner]);
    return {
      value: multiply(inner, b, false, true),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, a, b, inner] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
        const dInner = times(multiply(dy as tf.Tensor2D, b), scale); // [rows, rank]
        return [
          multiply(dInner, a),
          multiply(dInner, x, true, false),
          multiply(inner, dy as tf.Tensor2D, true, false).transpose(),
        ];
      },
    };
  });
  return op(x, a, b);
}
