import { cutChunks } from '../../../data/stream/chunks.js';
import type { ChunkDropout, Dropout } from '../../../model/layer/dropout.js';
import { lengthOf, type Sequence } from '../../../model/pass/sequence.js';

/** Texts of a pool that are embedded into one matrix, whose rows have the order of the texts' lengths. */
export interface TextSet {
  texts: Sequence[];
  /** The number of each among all texts of the pool. */
  numbers: number[];
  /** Places in `texts`, longest text first: the order of the matrix, whatever the size of a chunk. */
  order: number[];
}

/** Texts that are in the model together. */
export interface TextChunk {
  texts: Sequence[];
  /** Which of the sets they are from. */
  set: number;
  dropout: ChunkDropout | undefined;
}

/** @param numbers  of each text among all texts of the pool */
export const textSet = (texts: Sequence[], numbers: number[]): TextSet => ({
  texts,
  numbers,
  order: cutChunks(texts.map(lengthOf), Infinity).flatMap(({ rows }) => rows),
});

/** The sets cut into chunks: one behind the other, these hold the texts of a set in its order. */
export function chunksOf(sets: readonly TextSet[], chunkTokens: number, dropout: Dropout | undefined): TextChunk[] {
  return sets.flatMap(({ texts, numbers }, set) =>
    cutChunks(texts.map(lengthOf), chunkTokens).map(({ rows }) => ({
      texts: rows.map((row) => texts[row]!),
      set,
      dropout: dropout && { ...dropout, texts: rows.map((row) => numbers[row]!) },
    })),
  );
}
