import { UserError } from '../configs/userError.js';
import type { Example, Passage } from './example.js';
import { seededRandom, shuffle } from './random.js';
import type { Position } from './shuffle.js';

/** Queries that share one pool of passages, as text. */
export interface Pool {
  queries: string[];
  /** Each distinct passage of the pool once, as title and text. */
  passages: { title: string; text: string }[];
  /** For each query its positive: a place in `passages`. */
  targets: number[];
  /** [queries, passages]: how often the passage stands in the pool as a candidate of the query; 0 = left out. */
  counts: Float32Array;
  /** Candidates left out because they are known to be relevant, over all queries. */
  masked: number;
  /** Epoch of the first query. */
  epoch: number;
  /** Where the row after the last query is. */
  next: Position;
}

/**
 * Put queries together into one pool: of each its positive and `passagesPerQuery` - 1 of its negatives, all of them
 * candidates for every query. Over the epochs, positives take turns, and so do the negatives in a random order.
 * Source: `TrainDataset` of Tevatron for the choice; the masking is ours.
 * @param options.maskRelevant  leave out of a query's candidates every passage known to be relevant to it: the positives
 *   of its row and of rows with the same query id or text, by passage id or by identical text. Its target stays, once.
 * @returns a pool that depends on the arguments alone
 * @throws UserError when a query has no negatives
 */
export function composePool(
  examples: { example: Example; next: Position }[],
  options: { passagesPerQuery: number; seed: number; maskRelevant: boolean },
): Pool {
  if (examples.length === 0) throw new Error('a pool needs at least one query');
  const groups = examples.map(({ example, next }) =>
    choosePassages(example, epochBefore(next), options.passagesPerQuery, options.seed),
  );
  const passages = new Map<string, { index: number; passage: Passage }>();
  const columns = groups.flat().map((passage) => {
    const key = textKey(passage);
    if (!passages.has(key)) passages.set(key, { index: passages.size, passage });
    return { id: passage.id, key, index: passages.get(key)!.index };
  });
  const width = options.passagesPerQuery;
  const targets = groups.map((_, query) => columns[query * width]!.index);
  const counts = new Float32Array(examples.length * passages.size);
  const relevant = options.maskRelevant ? relevantPassages(examples.map(({ example }) => example)) : null;
  let masked = 0;
  examples.forEach((_, query) => {
    const known = relevant?.[query];
    columns.forEach(({ id, key, index }, column) => {
      const isTarget = column === query * width;
      if (!isTarget && known && (known.ids.has(id) || known.texts.has(key))) masked++;
      else counts[query * passages.size + index]! += 1;
    });
  });
  return {
    queries: examples.map(({ example }) => example.query),
    passages: [...passages.values()].map(({ passage: { title, text } }) => ({ title, text })),
    targets,
    counts,
    masked,
    epoch: epochBefore(examples[0]!.next),
    next: examples.at(-1)!.next,
  };
}

/** Epoch of the row that was given out with `next`: only the last row of an epoch points at the start of another. */
function epochBefore({ epoch, window, row }: Position): number {
  return window === 0 && row === 0 ? epoch - 1 : epoch;
}

/** The positive, then the negatives: each a turn further than in the epoch before. */
function choosePassages({ id, query, positives, negatives }: Example, epoch: number, count: number, seed: number) {
  if (negatives.length === 0)
    throw new UserError(
      `query ${id} (${query.slice(0, 60)}) has no negatives; \`npm run data -- mine\` finds some for every query`,
    );
  const first = Math.floor(seededRandom('positive', seed, id)() * positives.length);
  const positive = positives[(first + epoch) % positives.length]!;
  const order = shuffle(negatives, seededRandom('negatives', seed, id));
  const begin = epoch * (count - 1);
  return [positive, ...Array.from({ length: count - 1 }, (_, turn) => order[(begin + turn) % order.length]!)];
}

/** For each query the ids and texts of every passage known to be relevant to it. */
function relevantPassages(examples: Example[]): { ids: Set<string>; texts: Set<string> }[] {
  const positivesOf = new Map<string, Passage[]>();
  const keys = ({ id, query }: Example) => [`id ${id}`, `query ${query}`];
  for (const example of examples)
    for (const key of keys(example)) positivesOf.set(key, [...(positivesOf.get(key) ?? []), ...example.positives]);
  return examples.map((example) => {
    const known = keys(example).flatMap((key) => positivesOf.get(key)!);
    // Rows without passage ids carry empty ones: those say nothing.
    const ids = new Set(known.map(({ id }) => id).filter((id) => id !== ''));
    return { ids, texts: new Set(known.map(textKey)) };
  });
}

const textKey = ({ title, text }: { title: string; text: string }) => JSON.stringify([title, text]);
