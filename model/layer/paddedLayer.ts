import { attention, type Places } from './attention.js';
import { tf } from '../engine/tf.js';
import type { LayerDropout } from './dropout.js';
import type { RowDropout } from '../engine/dropoutMask.js';
import { linear, type Linear } from './linear.js';
import type { ModelConfig } from '../modelConfig.js';
import { rmsNorm } from './rmsNorm.js';
import { takeRows } from './takeRows.js';

export interface LayerWeights {
  /** [hidden] */
  inputNorm: tf.Tensor1D;
  /** [hidden] */
  postAttentionNorm: tf.Tensor1D;
  q: Linear;
  k: Linear;
  v: Linear;
  o: Linear;
  gate: Linear;
  up: Linear;
  down: Linear;
}

/**
 * One Qwen2 decoder layer: attention, then SwiGLU, each after RMSNorm and added back to its input.
 * Source: Qwen2 report (arXiv 2407.10671) section 2.2; Hugging Face `Qwen2DecoderLayer`.
 * @param x     hidden states, [batch * time, hidden]
 * @param only  rows whose output is wanted, int32 [wanted], the last token of each text; every row when left out. The others still are attended to,
 *              but nothing behind the attention is computed for them
 * @returns     [batch * time, hidden], or [wanted, hidden]. Call inside tf.tidy: intermediates belong to that scope
 */
export function decoderLayer(
  x: tf.Tensor2D,
  weights: LayerWeights,
  places: Places,
  config: ModelConfig,
  dropout?: LayerDropout,
  only?: tf.Tensor1D,
): tf.Tensor2D {
  const normed = rmsNorm(x, weights.inputNorm, config.normEpsilon);
  const attentionOutput = attention(
    linear(normed, weights.q, dropout?.all),
    linear(normed, weights.k, dropout?.all),
    linear(normed, weights.v, dropout?.all),
    places,
    config,
  );
  const wanted = (rows: tf.Tensor2D) => (only ? takeRows(rows, only) : rows);
  const wantedDropout = only ? dropout?.last : dropout?.all;
  const h = wanted(x).add<tf.Tensor2D>(linear(wanted(attentionOutput), weights.o, wantedDropout));
  return h.add(feedForward(rmsNorm(h, weights.postAttentionNorm, config.normEpsilon), weights, wantedDropout));
}

function feedForward(x: tf.Tensor2D, { gate, up, down }: LayerWeights, dropout?: RowDropout): tf.Tensor2D {
  return linear(swiglu(linear(x, gate, dropout), linear(x, up, dropout)), down, dropout);
}

/** silu(gate) · up. Source: GLU variants (arXiv 2002.05202). Keeps its two inputs alone for the gradient. */
export function swiglu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  const op = tf.customGrad((...inputs) => {
    const [gate, up, save] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    save([gate, up]);
    return {
      value: gate.sigmoid().mul(gate).mul(up),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [gate, up] = saved as [tf.Tensor2D, tf.Tensor2D];
        const open = gate.sigmoid();
        const silu = open.mul(gate);
        // d silu / d gate = open (1 + gate (1 - open)) = open + silu (1 - open)
        return [dy.mul(up).mul(open.add(silu.sub(silu.mul(open)))), dy.mul(silu)];
      },
    };
  });
  return op(gate, up) as tf.Tensor2D;
}
