import { tf } from '../engine/tf.js';
import { tapedGradients } from './tapedGradients.js';

/** What the gradient of a computation needs, kept until that is wanted. Freed by `gradientsOfTape` or `disposeTape`. */
export interface KeptTape {
  nodes: NonNullable<ReturnType<typeof tf.engine>['state']['activeTape']>;
  /** What was computed; its numbers are not needed any more. */
  y: tf.Tensor;
}

/** TensorFlow.js 4.22 has no other way to compute now and go back later: a tape that it opens by itself ends with its gradient. */
interface Taping {
  startTape(): void;
  endTape(): void;
  track(tensor: tf.Tensor): void;
}

/**
 * Compute under a tape and keep that. Where it fails it frees what the tape has saved.
 * @returns what was computed, which the caller owns, and its tape, which belongs to the scope around it as tensors do
 */
export function keepTape<T extends tf.Tensor>(f: () => T): { y: T; tape: KeptTape } {
  const engine = tf.engine();
  const taping = engine as unknown as Taping;
  taping.startTape();
  try {
    const y = tf.tidy(f);
    const nodes = engine.state.activeTape;
    for (const tensor of savedBy(nodes)) {
      tensor.kept = false; // else no scope would free it where what comes later fails
      taping.track(tensor);
    }
    return { y, tape: { nodes, y } };
  } catch (error) {
    tf.dispose(savedBy(engine.state.activeTape));
    throw error;
  } finally {
    taping.endTape();
    engine.state.activeTape = [];
  }
}

/** As `tapedGradients` of what was computed; consumes the tape. @param xs  that went into it */
export function gradientsOfTape({ nodes, y }: KeptTape, xs: tf.Tensor[], upstream: tf.Tensor): tf.Tensor[] {
  const again = () => {
    tf.engine().state.activeTape.push(...nodes);
    return y;
  };
  return tapedGradients(again, xs, upstream);
}

/** Free a tape whose gradient is not wanted. */
export const disposeTape = ({ nodes }: KeptTape): void => tf.dispose(savedBy(nodes));

const savedBy = (nodes: KeptTape['nodes']) => nodes.flatMap(({ saved }) => saved ?? []);
