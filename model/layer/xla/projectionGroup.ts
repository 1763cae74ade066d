import type { Projection } from '../../../configs/schema.js';
import type { Description, Value } from '../../engine/xla/describeFunction.js';
import type { Operations } from '../../engine/xla/operations.js';
import { projectionShape } from '../decoder.js';
import { keptScale, type KeptElements } from './keptElements.js';
import type { LayerShape } from './layerShape.js';

/** Projections that share an input. */
export interface ProjectionGroup {
  /**
   * @param x  [rows, in], wide
   * @returns  output of each part, wide, and the inner rows of the adapters side by side, which the gradient wants
   */
  forward(x: Value): { outputs: Value[]; inner: Value | undefined };
  /** The inner rows alone. */
  innerOf(x: Value): Value | undefined;
  /**
   * Gives the gradients of the adapters' matrices.
   * @param dys  of each part, wide
   * @returns    the gradient for x, float32; undefined where it is not wanted
   */
  backward(dys: Value[], x: Value, inner: Value | undefined): Value | undefined;
}

/** What a function of a layer is made with. */
export interface Making {
  description: Description;
  f: Operations;
  shape: LayerShape;
  /** Of the rows that the projections are for. */
  kept: KeptElements;
}

/**
 * Takes the weights of projections and of their adapters. Adapters are folded in: the input has their inner rows beside it, and
 * each weight its B, so that one product does the work of both, in either direction.
 * @param parts  projections whose outputs lie side by side, as one product or as several
 */
export function projectionGroup(
  { description, f, shape, kept }: Making,
  parts: readonly (readonly Projection[])[],
  { needsInput = true } = {},
): ProjectionGroup {
  const { adapters, wide } = shape;
  const targets = parts.flat();
  const adapted = targets.filter((target) => adapters?.targets.includes(target));
  const { rank = 0, scale = 1, rate = 0 } = adapters ?? {};
  const factor = f.number(Math.fround(scale) * keptScale(rate));
  const sizeOf = (target: Projection) => projectionShape(shape, target);
  const width = sizeOf(targets[0]!)[1];

  const b = new Map(
    adapted.map((target) => [target, description.take(`${target}.b`, 'float32', [sizeOf(target)[0], rank])]),
  );
  const a = new Map(adapted.map((target) => [target, description.take(`${target}.a`, 'float32', [rank, width])]));
  const wideA = (target: Projection) => f.cast(a.get(target)!, wide);
  const wideB = (target: Projection) => f.cast(b.get(target)!, wide);
  const weights = () =>
    parts.map((part) => {
      const rows = part.map((target) => {
        const weight = f.cast(description.take(`${target}.weight`, shape.weights, sizeOf(target)), wide);
        const beside = adapted.map((other) =>
          other === target ? wideB(target) : f.filled(f.cast(f.number(0), wide), sizeOf(target)[0], rank),
        );
        return f.join([weight, ...beside], 1);
      });
      return f.join(rows, 0);
    });
  const scaled = (x: Value) => f.cast(f.multiply(x, factor), wide);

  function innerOf(x: Value): Value | undefined {
    const inners = adapted.map((target) => scaled(f.product(kept(x, target), wideA(target), [1, 1], 'float32')));
    return inners.length > 0 ? f.join(inners, 1) : undefined;
  }

  return {
    innerOf,

    forward(x) {
      const inner = innerOf(x);
      const whole = inner ? f.join([x, inner], 1) : x;
      return { outputs: weights().map((weight) => f.product(whole, weight, [1, 1], wide)), inner };
    },

    backward(dys, x, inner) {
      const ofTarget = (target: Projection) => {
        const part = parts.findIndex((part) => part.includes(target));
        const before = parts[part]!.slice(0, parts[part]!.indexOf(target));
        const from = before.reduce((sum, other) => sum + sizeOf(other)[0], 0);
        const [out] = sizeOf(target);
        return parts[part]!.length === 1 ? dys[part]! : f.columns(dys[part]!, from, out);
      };
      const back = needsInput
        ? weights()
            .map((weight, part) => f.cast(f.product(dys[part]!, weight, [1, 0], wide), 'float32'))
            .reduce((sum, part) => f.add(sum, part))
        : undefined;
      let dX = back && (adapted.length > 0 ? f.columns(back, 0, width) : back);
      adapted.forEach((target, place) => {
        const own = ofTarget(target);
        const dInner = scaled(
          back ? f.columns(back, width + place * rank, rank) : f.product(own, wideB(target), [1, 0], 'float32'),
        );
        if (dX) {
          const through = f.cast(f.product(dInner, wideA(target), [1, 0], wide), 'float32');
          dX = f.add(dX, kept(through, target));
        }
        description.give(`${target}.a`, f.product(dInner, kept(x, target), [0, 0], 'float32'));
        const innerOfTarget = f.columns(inner!, place * rank, rank);
        description.give(`${target}.b`, f.product(own, innerOfTarget, [0, 0], 'float32'));
      });
      return dX;
    },
  };
}
