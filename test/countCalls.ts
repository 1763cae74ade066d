import { tf } from '../model/engine/tf.js';
import { exampleCard, pretendCard } from './gpu/worker/pretendCard.js';

interface Binding {
  executeOp(name: string, attributes: unknown, inputs: number[], outputs: number): unknown;
  createTensor(shape: number[], dtype: number, values: ArrayBufferView): number;
  tensorDataSync(id: number): unknown;
}

/** What work asks of a card. */
export interface Calls {
  /** Operations that were started, by name. */
  operations: Record<string, number>;
  /** Times that numbers went from the host to the card: each waits for all that the card was told to do before. */
  uploads: number;
  /** Times that the host waited for numbers of the card. */
  reads: number;
}

/** Operations in all. */
export const operationsIn = ({ operations }: Calls): number =>
  Object.values(operations).reduce((sum, count) => sum + count, 0);

const INT32 = 3;

/**
 * Do the work as on a card and count what that asks of it. Numbers of the kind int32 stay with the host, where the
 * binding leaves them.
 */
export function countCalls(work: () => void): Calls {
  const { binding } = tf.backend() as unknown as { binding: Binding };
  const calls: Calls = { operations: {}, uploads: 0, reads: 0 };
  const undo = pretendCard(exampleCard, {
    executeOp(name: string, attributes: unknown, inputs: number[], outputs: number) {
      calls.operations[name] = (calls.operations[name] ?? 0) + 1;
      return binding.executeOp(name, attributes, inputs, outputs);
    },
    createTensor(shape: number[], dtype: number, values: ArrayBufferView) {
      if (dtype !== INT32 && values.byteLength > 0) calls.uploads++;
      return binding.createTensor(shape, dtype, values);
    },
    tensorDataSync(id: number) {
      calls.reads++;
      return binding.tensorDataSync(id);
    },
  });
  try {
    work();
  } finally {
    undo();
  }
  return calls;
}
