import type { Card } from '../../../model/engine/native/nodeBackend.js';
import { tf } from '../../../model/engine/tf.js';

interface Backend {
  binding: object;
  isUsingGpuDevice: boolean;
}

export const exampleCard: Card = {
  name: 'NVIDIA Example',
  computeCapability: '9.0',
  freeBytes: 79e9,
  totalBytes: 85e9,
};

/**
 * Let the native engine say that it computes on a card: the processor then does what a card would, in stock operations.
 * @param card  as its driver tells; 'untold' for a driver that does not
 * @param calls  functions of the binding in the place of its own, such as some that count
 * @returns undoes it
 */
export function pretendCard(card: Card | 'untold' = exampleCard, calls: object = {}): () => void {
  const backend = tf.backend() as unknown as Backend;
  const { binding, isUsingGpuDevice } = backend;
  const own = Object.create(
    binding,
    Object.getOwnPropertyDescriptors({ card: () => (card === 'untold' ? undefined : card), ...calls }),
  ) as object;
  Object.assign(backend, { binding: own, isUsingGpuDevice: true });
  return () => Object.assign(backend, { binding, isUsingGpuDevice });
}
