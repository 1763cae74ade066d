import { chartKinds, colours, shapes, topics } from '../../../data/demonstration/pages/pageWords.js';
import type { Tokenizer } from '../../../data/tokenizer/tokenizer.js';
import { tf } from '../../../model/engine/tf.js';

/** What the tower learns to say: for each word that pages show the row that the decoder reads for it in a text. */
export interface ReadingTable {
  /** [words + 1, hidden]: first that of blank paper, which reads as the end of a line. */
  rows: tf.Tensor2D;
  /** Place of a word's row. @throws for a word that pages do not show */
  placeOf(word: string): number;
}

/**
 * @param embedding  of the decoder, [vocabulary, hidden]
 * @returns          rows that the caller owns
 */
export function readingTable(embedding: tf.Tensor2D, { encode }: Pick<Tokenizer, 'encode'>): ReadingTable {
  const words = [...new Set([...topics, ...shapes, ...colours.keys(), ...chartKinds])];
  const idOf = (text: string): number => {
    const ids = encode(text);
    if (ids.length !== 1) throw new Error(`'${text}' must be one token of the base; it has ${ids.length}`);
    return ids[0]!;
  };
  const ids = [idOf('\n'), ...words.map((word) => idOf(` ${word}`))];
  const places = new Map(words.map((word, index) => [word, index + 1]));
  return {
    rows: tf.tidy(() => tf.gather(embedding, tf.tensor1d(ids, 'int32'))),
    placeOf(word) {
      const place = places.get(word);
      if (place === undefined) throw new Error(`pages show no word '${word}'`);
      return place;
    },
  };
}
