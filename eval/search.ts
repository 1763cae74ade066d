import { multiply } from '../model/engine/multiply.js';
import { tf } from '../model/engine/tf.js';
import { idRanks, topRows } from './topRows.js';
import type { Ranking } from './ranking.js';

/** Vectors with the ids of what they stand for. */
export interface EmbeddedTexts {
  ids: string[];
  /** [ids, dimensions], row-major */
  embeddings: Float32Array;
}

/** Scores held at one time: 16 MB. */
const blockScores = 4_194_304;
const queriesAtATime = 256;

/**
 * The best passages of each query by inner product, over every passage, block by block.
 * @returns one ranking a query, best first; of equal scores the higher id first, as trec_eval orders them
 */
export function searchExact(
  queries: Float32Array,
  passages: EmbeddedTexts,
  dimensions: number,
  depth: number,
): Ranking[] {
  const { ids, embeddings } = passages;
  const ranks = idRanks(ids);
  const rankings: Ranking[] = [];
  const blockRows = Math.max(1, Math.floor(blockScores / queriesAtATime));
  const queryCount = queries.length / dimensions;
  for (let first = 0; first < queryCount; first += queriesAtATime) {
    const some = rowsOf(queries, dimensions, first, Math.min(queriesAtATime, queryCount - first));
    const tops = Array.from({ length: some.shape[0] }, () => topRows(depth, ranks));
    for (let start = 0; start < ids.length; start += blockRows) {
      const rows = Math.min(blockRows, ids.length - start);
      const block = rowsOf(embeddings, dimensions, start, rows);
      const product = multiply(some, block, false, true);
      const scores = product.dataSync();
      tops.forEach((top, query) => {
        for (let row = 0; row < rows; row++) top.offer(start + row, scores[query * rows + row]!);
      });
      tf.dispose([block, product]);
    }
    some.dispose();
    for (const top of tops) rankings.push(top.take().map(({ row, score }) => ({ id: ids[row]!, score })));
  }
  return rankings;
}

function rowsOf(values: Float32Array, dimensions: number, first: number, rows: number): tf.Tensor2D {
  return tf.tensor2d(values.subarray(first * dimensions, (first + rows) * dimensions), [rows, dimensions]);
}
