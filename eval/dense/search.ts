import { multiply } from '../../model/engine/product/multiply.js';
import { tf } from '../../model/engine/tf.js';
import { openSelection, type Hits, type Selection } from './selection.js';

/** An exact search that passages are added to piece by piece, so that a corpus of any size passes through memory. */
export interface Search {
  /**
   * Score passages against every query. Pieces may come in any order.
   * @param firstRow  place of the first of them in the corpus
   * @param vectors   [passages, dimensions], row-major
   */
  add(firstRow: number, vectors: Float32Array): void;
  /** @returns the hits of each query in turn, put together as they are asked for; before `close` */
  take(): Generator<Hits>;
  /** Frees the queries. */
  close(): void;
}

/** Scores that are held at one time: 8 MB. */
export const queriesAtATime = 256;
export const passagesAtATime = 8192;

/**
 * Search by inner product over every passage. Of passages with equal scores the one that comes first in the corpus is
 * the better one.
 * @param queries  [queries, dimensions], row-major
 * @param depth    passages kept for each query
 */
export function openSearch(queries: Float32Array, dimensions: number, depth: number): Search {
  const count = queries.length / dimensions;
  const batches: { vectors: tf.Tensor2D; best: Selection }[] = [];
  for (let first = 0; first < count; first += queriesAtATime) {
    const rows = Math.min(queriesAtATime, count - first);
    batches.push({ vectors: rowsOf(queries, dimensions, first, rows), best: openSelection(rows, depth) });
  }
  return {
    add(firstRow, vectors) {
      const count = vectors.length / dimensions;
      for (let start = 0; start < count; start += passagesAtATime) {
        const block = rowsOf(vectors, dimensions, start, Math.min(passagesAtATime, count - start));
        try {
          for (const { vectors: batch, best } of batches) {
            const product = multiply(batch, block, false, true);
            try {
              best.offer(firstRow + start, product);
            } finally {
              product.dispose();
            }
          }
        } finally {
          block.dispose();
        }
      }
    },
    *take() {
      for (const { best } of batches) yield* best.take();
    },
    close() {
      for (const { vectors, best } of batches.splice(0)) {
        vectors.dispose();
        best.close();
      }
    },
  };
}

function rowsOf(values: Float32Array, dimensions: number, first: number, rows: number): tf.Tensor2D {
  return tf.tensor2d(values.subarray(first * dimensions, (first + rows) * dimensions), [rows, dimensions]);
}
