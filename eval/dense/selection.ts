import { fusedOps } from '../../model/engine/fused/fusedOps.js';
import { capabilities } from '../../model/engine/capabilities.js';
import { tf } from '../../model/engine/tf.js';
import { topRows } from '../measure/topRows.js';

/** Rows of a corpus that one query retrieved, best first. */
export type Hits = { row: number; score: number }[];

/** The best rows of each of several queries, of scores that come block by block in any order. */
export interface Selection {
  /**
   * Offer the scores of rows `firstRow`, `firstRow` + 1, ...
   * @param scores  [queries, rows]; stays the caller's
   * @throws Error  when one is not a number
   */
  offer(firstRow: number, scores: tf.Tensor2D): void;
  /** The hits of each query in turn, put together as they are asked for: all at once they would fill the memory. */
  take(): Generator<Hits>;
  /** Frees what it holds on the device. */
  close(): void;
}

/**
 * Select where the scores are made, so that few of them come to JavaScript. Of equal scores the lower row is the better
 * one on every engine.
 * @param queries  how many
 * @param depth    rows kept for each, 1 or more
 */
export function openSelection(queries: number, depth: number): Selection {
  const { fusedOps: fused, rawHandles } = capabilities();
  if (fused) return selectInPlace(queries, depth);
  return rawHandles ? selectOnDevice(queries, depth) : selectOnHost(queries, depth);
}

/** One operation of our own looks through the scores and keeps the best beside them. */
function selectInPlace(queries: number, depth: number): Selection {
  const { keepTopRows } = fusedOps();
  // Filled by an operation: what is made from numbers of JavaScript may share their memory.
  const kept = {
    scores: tf.fill<tf.Rank.R2>([queries, depth], 0, 'float32'),
    rows: tf.fill<tf.Rank.R2>([queries, depth], 0, 'int32'),
    sizes: tf.fill<tf.Rank.R1>([queries], 0, 'int32'),
  };
  return {
    offer(firstRow, scores) {
      const damaged = keepTopRows(kept, scores, firstRow);
      if (damaged) throw notANumber(firstRow + damaged[1]);
    },
    *take() {
      const [scores, rows] = [kept.scores.dataSync<'float32'>(), kept.rows.dataSync<'int32'>()];
      for (const [query, size] of kept.sizes.dataSync<'int32'>().entries()) {
        const hits = Array.from({ length: size }, (_, index) => {
          const at = query * depth + index;
          return { row: rows[at]!, score: scores[at]! };
        });
        yield hits.sort((one, two) => two.score - one.score || one.row - two.row);
      }
    },
    close: () => tf.dispose([kept.scores, kept.rows, kept.sizes]),
  };
}

/** TensorFlow's TopK, which of equal scores puts the lower column first, leaves the best of each block to be merged. */
export function selectOnDevice(queries: number, depth: number): Selection {
  const tops = Array.from({ length: queries }, () => topRows(depth));
  return {
    offer(firstRow, scores) {
      const [best, places, hasNone] = tf.tidy(() => {
        const { values, indices } = tf.topk(scores, Math.min(depth, scores.shape[1]), true);
        return [values, indices, scores.isNaN().any()] as const;
      });
      const [found, columns] = [best.dataSync<'float32'>(), places.dataSync<'int32'>()];
      const isDamaged = hasNone.dataSync()[0] !== 0;
      const width = best.shape[1];
      tf.dispose([best, places, hasNone]);
      if (isDamaged) throw notANumber(firstRow + firstNaN(scores));
      tops.forEach((top, query) => {
        for (let at = query * width; at < (query + 1) * width; at++) top.offer(firstRow + columns[at]!, found[at]!);
      });
    },
    take: () => takeAll(tops),
    close: () => {},
  };
}

/** Every score comes to JavaScript. */
export function selectOnHost(queries: number, depth: number): Selection {
  const tops = Array.from({ length: queries }, () => topRows(depth));
  return {
    offer(firstRow, scores) {
      const [values, rows] = [scores.dataSync<'float32'>(), scores.shape[1]];
      tops.forEach((top, query) => top.offerAll(firstRow, values, query * rows, (query + 1) * rows));
    },
    take: () => takeAll(tops),
    close: () => {},
  };
}

function* takeAll(tops: ReturnType<typeof topRows>[]): Generator<Hits> {
  for (const top of tops) yield top.take();
}

const notANumber = (row: number) => new Error(`the score of row ${row} is not a number`);

/** The column of the first score that is not a number. */
function firstNaN(scores: tf.Tensor2D): number {
  return scores.dataSync<'float32'>().findIndex(Number.isNaN) % scores.shape[1];
}
