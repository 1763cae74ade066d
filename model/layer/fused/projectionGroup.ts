import { fusedOps, type PackedDropout } from '../../engine/fused/fusedOps.js';
import type { FrozenMatrix } from '../../engine/product/frozenMatrix.js';
import { multiplyStacked } from '../../engine/product/multiplyStacked.js';
import { tf } from '../../engine/tf.js';
import type { Linear } from '../linear.js';
import { addLoraGradients, disposeStacked, loraDropout, noLora, stackLora, type Gradients } from '../stackedLora.js';

/** Projections that share an input, by what each is called in its block. */
export type ProjectionGroup = readonly { target: string; linear: Linear }[];

/**
 * x through projections side by side, adapters and biases included, plus the residual.
 * @param x  [rows, in]
 * @returns  [rows, sum of outs]; the caller owns it
 */
export function project(
  x: tf.Tensor2D,
  group: ProjectionGroup,
  dropout: PackedDropout,
  residual?: tf.Tensor2D,
): tf.Tensor2D {
  const linears = group.map(({ linear }) => linear);
  const y = multiplyStacked(x, frozen(linears), { transpose: true });
  const lora = stackLora(linears);
  const biases = linears.flatMap(({ bias }) => (bias ? [bias] : []));
  if (!lora && biases.length === 0 && !residual) return y;
  tf.tidy(() => {
    const ops = fusedOps();
    const bias = biases.length > 0 ? tf.concat(biases) : tf.tensor1d([]);
    const masks = loraDropout(linears, dropout);
    const inner = lora ? ops.lowRankIn(x, lora, masks) : tf.tensor2d([], [0, 1]);
    ops.addLowRankOut(y, inner, lora ?? noLora(), bias, residual ?? tf.tensor1d([]));
  });
  if (lora) disposeStacked(lora);
  return y;
}

/** What gradients of a block's projections have in common. */
interface BackStep {
  /** The name that an adapter's gradients go by. */
  nameOf: (target: string) => string;
  dropout: PackedDropout;
  /** They are added to what is there. */
  into: Gradients;
}

/** The backward pass of projections side by side: `backward` gives the gradient for their input, `close` those of the adapters. */
export function openBack(dy: tf.Tensor2D, group: ProjectionGroup, { nameOf, dropout, into }: BackStep) {
  const linears = group.map(({ linear }) => linear);
  const ops = fusedOps();
  const lora = stackLora(linears);
  const masks = loraDropout(linears, dropout);
  const dInner = lora && ops.lowRankOutGradient(dy, lora);
  return {
    backward(): tf.Tensor2D {
      const dx = multiplyStacked(dy, frozen(linears), { transpose: false });
      if (lora && dInner) ops.addLowRankInGradient(dx, dInner, lora, masks);
      return dx;
    },
    close(x: tf.Tensor2D): void {
      if (lora && dInner) {
        const inner = ops.lowRankIn(x, lora, masks);
        const a = ops.gradientOfA(dInner, x, masks);
        const b = ops.gradientOfB(dy, inner, lora);
        const names = group.map(({ target }) => nameOf(target));
        addLoraGradients(into, names, linears, a, b);
        tf.dispose([inner, a, b, dInner]);
        disposeStacked(lora);
      }
      masks.adapterKeys.dispose();
    },
  };
}

function frozen(linears: Linear[]): FrozenMatrix[] {
  return linears.map(({ weight }) => weight as FrozenMatrix);
}
