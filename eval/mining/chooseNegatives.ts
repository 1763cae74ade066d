import type { Example, ExamplePassage } from '../../data/example/example.js';
import { foldText } from '../../data/example/foldText.js';
import { seededRandom, shuffle } from '../../data/random.js';
import type { Hits } from '../dense/selection.js';

export interface MiningOptions {
  /** Negatives wanted for each query. */
  negatives: number;
  /** They are drawn from these ranks, counted from 1, both ends included. */
  fromRank: number;
  toRank: number;
  seed: number;
  /** A negative's score must be below that of the query's lowest positive by so much. */
  absoluteMargin?: number | undefined;
  /** And by this share of the positive's score. Source: NV-Retriever (arXiv 2407.15831), "TopK-PercPos" with 1 - this. */
  relativeMargin?: number | undefined;
}

/** What a search found for one example. */
export interface RankedExample {
  example: Example;
  hits: Hits;
  /** Of each positive its score for the query; undefined where it is not known. */
  positiveScores: (number | undefined)[];
  /** Rows of the corpus that are known to be relevant besides its own positives. */
  knownRows: readonly number[];
}

/**
 * The example with new negatives: passages of the ranks asked for that are none of its positives, neither by id nor by
 * text with case, punctuation and blanks levelled, nor by their images, and keep the margins. The draw depends on seed, example and what was
 * found alone; the drawn come in the order of their ranks, with their scores, and are fewer than wanted where the ranks
 * hold no more.
 * @param corpus  the passages that were searched
 */
export function chooseNegatives(
  { example, hits, positiveScores, knownRows }: RankedExample,
  corpus: readonly ExamplePassage[],
  options: MiningOptions,
): Example {
  const { negatives, fromRank, toRank, seed } = options;
  const ranked = hits.slice(fromRank - 1, toRank);
  const order = shuffle([...ranked.keys()], seededRandom('mined negatives', seed, example.id, example.query));
  const relevant = [...example.positives, ...knownRows.map((row) => corpus[row]!)];
  const ids = new Set(relevant.map(({ id }) => id).filter((id) => id !== '')); // rows without ids have empty ones
  const texts = new Set(relevant.map(foldPassage));
  const highest = highestScore(positiveScores, options);
  const chosen: number[] = [];
  for (const place of order) {
    if (chosen.length === negatives) break;
    const { row, score } = ranked[place]!;
    const passage = corpus[row]!;
    const text = foldPassage(passage);
    if (score > highest || ids.has(passage.id) || texts.has(text)) continue;
    texts.add(text);
    chosen.push(place);
  }
  chosen.sort((one, two) => one - two);
  return {
    ...example,
    positives: example.positives.map((passage, index) => withScore(passage, positiveScores[index])),
    negatives: chosen.map((place) => withScore(corpus[ranked[place]!.row]!, ranked[place]!.score)),
  };
}

/** What counts as the same passage: the same images, whatever text comes with them, as the loss has it, or else the same text. */
const foldPassage = ({ title, text, images = [] }: ExamplePassage) =>
  images.length > 0 ? images.join() : foldText(`${title} ${text}`);

const withScore = ({ id, title, text, images }: ExamplePassage, score: number | undefined): ExamplePassage => ({
  id,
  title,
  text,
  ...(images && { images }),
  ...(score !== undefined && { score }),
});

/** The best score that a negative may have. */
function highestScore(
  positiveScores: (number | undefined)[],
  { absoluteMargin, relativeMargin }: Pick<MiningOptions, 'absoluteMargin' | 'relativeMargin'>,
): number {
  if (absoluteMargin === undefined && relativeMargin === undefined) return Infinity;
  const scores = positiveScores.filter((score) => score !== undefined);
  if (scores.length === 0) return Infinity;
  const lowest = Math.min(...scores);
  return Math.min(lowest - (absoluteMargin ?? 0), lowest - (relativeMargin ?? 0) * Math.abs(lowest));
}
