import { lengthOf } from '../../../model/pass/sequence.js';
import { textSet, type TextSet } from './textChunks.js';

/**
 * Deal sets of texts to ranks, so that each has about as many tokens: the next longest text goes to the rank that has
 * fewest so far, the first of these where there are several. A function of the pool alone, which all ranks have: none
 * has to be told.
 * @returns of each set and rank, the places in the set's order that the rank embeds, ascending; a rank may get none
 */
export function dealTexts(sets: readonly TextSet[], ranks: number): number[][][] {
  const load = Array.from({ length: ranks }, () => 0);
  return sets.map(({ texts, order }) => {
    const places: number[][] = load.map(() => []);
    order.forEach((text, place) => {
      const rank = load.indexOf(Math.min(...load));
      places[rank]!.push(place);
      load[rank]! += lengthOf(texts[text]!);
    });
    return places;
  });
}

/** The part of a set that lies at some places of its order, as a set whose own order is the same. */
export function partOf({ texts, numbers, order }: TextSet, places: readonly number[]): TextSet {
  const taken = places.map((place) => order[place]!);
  return textSet(
    taken.map((text) => texts[text]!),
    taken.map((text) => numbers[text]!),
  );
}
