import { multiply } from '../model/engine/multiply.js';
import { tf } from '../model/engine/tf.js';
import { topRows } from './topRows.js';

/** Rows of a corpus that one query retrieved, best first. */
export type Hits = { row: number; score: number }[];

/** An exact search that passages are added to piece by piece, so that a corpus of any size passes through memory. */
export interface Search {
  /**
   * Score passages against every query.
   * @param firstRow  place of the first of them in the corpus
   * @param vectors   [passages, dimensions], row-major
   */
  add(firstRow: number, vectors: Float32Array): void;
  /** @returns the hits of each query */
  take(): Hits[];
  /** Frees the queries. */
  close(): void;
}

/** Scores that are held at one time: 8 MB. */
const queriesAtATime = 256;
const passagesAtATime = 8192;

/**
 * Search by inner product over every passage. Of passages with equal scores the one that comes first in the corpus is
 * the better one.
 * @param queries  [queries, dimensions], row-major
 * @param depth    passages kept for each query
 */
export function openSearch(queries: Float32Array, dimensions: number, depth: number): Search {
  const tops = Array.from({ length: queries.length / dimensions }, () => topRows(depth));
  const batches: tf.Tensor2D[] = [];
  for (let first = 0; first < tops.length; first += queriesAtATime)
    batches.push(rowsOf(queries, dimensions, first, Math.min(queriesAtATime, tops.length - first)));
  return {
    add(firstRow, vectors) {
      const count = vectors.length / dimensions;
      for (let start = 0; start < count; start += passagesAtATime) {
        const rows = Math.min(passagesAtATime, count - start);
        const block = rowsOf(vectors, dimensions, start, rows);
        batches.forEach((batch, index) => {
          const product = multiply(batch, block, false, true);
          const scores = product.dataSync<'float32'>();
          product.dispose();
          for (let query = 0; query < batch.shape[0]; query++)
            tops[index * queriesAtATime + query]!.offerAll(firstRow + start, scores, query * rows, (query + 1) * rows);
        });
        block.dispose();
      }
    },
    take: () => tops.map((top) => top.take()),
    close: () => tf.dispose(batches),
  };
}

function rowsOf(values: Float32Array, dimensions: number, first: number, rows: number): tf.Tensor2D {
  return tf.tensor2d(values.subarray(first * dimensions, (first + rows) * dimensions), [rows, dimensions]);
}
