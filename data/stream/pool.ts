import { UserError } from '../../configs/userError.js';
import type { Passage } from '../example/example.js';
import { seededRandom, shuffle } from '../random.js';
import type { CandidateCounts } from './candidateCounts.js';
import type { Origin, PlacedExample, Position } from './shuffle.js';

/** Queries that share one pool of passages, as text. */
export interface Pool {
  queries: string[];
  /** Each distinct passage of the pool once, as title and text. */
  passages: { title: string; text: string }[];
  /** For each query its positive: a place in `passages`. */
  targets: number[];
  counts: CandidateCounts;
  /** Candidates left out because they are known to be relevant, over all queries: by id, and of the others by text. */
  masked: { byId: number; byText: number };
  /** Where each query and each passage comes from. */
  origins: { queries: Origin[]; passages: PassageOrigin[] };
  /** Where the row after the last query is. */
  next: Position;
}

/** The row of a passage, and its place there: positives first, then negatives. */
interface PassageOrigin extends Origin {
  passage: number;
}

/**
 * Put queries together into one pool: of each its positive and `passagesPerQuery` - 1 of its negatives, all of them
 * candidates for every query. Over the turns of a row, its positives take turns, and so do its negatives in a random
 * order of their own. Source: `TrainDataset` of Tevatron (positive (hash + epoch) mod n; of the shuffled negatives those
 * from epoch * count on, going round), with our generator in place of Python's. The masking is ours.
 * @param options.maskRelevant  leave out of a query's candidates every passage known to be relevant to it: the positives
 *   of its row and of rows with the same query id or text, by passage id or by identical text. Ids of queries and passages
 *   count within one file alone. Its target stays, once.
 * @returns a pool that depends on the arguments alone
 * @throws UserError when a query has no negatives
 */
export function composePool(
  examples: PlacedExample[],
  options: { passagesPerQuery: number; seed: number; maskRelevant: boolean },
): Pool {
  if (examples.length === 0) throw new Error('a pool needs at least one query');
  const groups = examples.map((placed) => choosePassages(placed, options.passagesPerQuery, options.seed));
  const passages = new Map<string, { index: number; passage: Passage; origin: PassageOrigin }>();
  const columns = groups.flat().map(({ passage, origin }) => {
    const key = textKey(passage);
    if (!passages.has(key)) passages.set(key, { index: passages.size, passage, origin });
    return { id: idKey(origin, passage), key, index: passages.get(key)!.index };
  });
  const width = options.passagesPerQuery;
  const targets = groups.map((_, query) => columns[query * width]!.index);
  const times = new Int32Array(passages.size);
  for (const { index } of columns) times[index]! += 1;
  const relevant = options.maskRelevant ? relevantPassages(examples) : examples.map(() => noPassages);
  const [byId, byText] = [columnsBy(columns, ({ id }) => id), columnsBy(columns, ({ key }) => key)];
  const masked = { byId: 0, byText: 0 };
  const fewer = relevant.map(({ ids, texts }, query) => {
    const seen = new Set([query * width]); // the target stays
    const left = new Map<number, number>();
    const leaveOut = (column: number): number => {
      if (seen.has(column)) return 0;
      seen.add(column);
      const { index } = columns[column]!;
      left.set(index, (left.get(index) ?? times[index]!) - 1);
      return 1;
    };
    for (const id of ids) for (const column of byId.get(id) ?? []) masked.byId += leaveOut(column);
    for (const text of texts) for (const column of byText.get(text) ?? []) masked.byText += leaveOut(column);
    return left;
  });
  return {
    queries: examples.map(({ example }) => example.query),
    passages: [...passages.values()].map(({ passage: { title, text } }) => ({ title, text })),
    targets,
    counts: { times, fewer },
    masked,
    origins: {
      queries: examples.map(({ origin }) => origin),
      passages: [...passages.values()].map(({ origin }) => origin),
    },
    next: examples.at(-1)!.next,
  };
}

/** The positive, then the negatives: each a turn further than in the turn before. */
function choosePassages(
  { example: { id, query, positives, negatives }, origin, turn }: PlacedExample,
  count: number,
  seed: number,
): { passage: Passage; origin: PassageOrigin }[] {
  if (negatives.length === 0)
    throw new UserError(
      `query ${id} (${query.slice(0, 60)}) has no negatives; \`npm run data -- mine\` finds some for every query`,
    );
  const first = Math.floor(seededRandom('positive', seed, id)() * positives.length);
  const positive = (first + turn) % positives.length;
  const order = shuffle([...negatives.keys()], seededRandom('negatives', seed, id));
  const begin = turn * (count - 1);
  return [
    { passage: positives[positive]!, origin: { ...origin, passage: positive } },
    ...Array.from({ length: count - 1 }, (_, index) => {
      const negative = order[(begin + index) % order.length]!;
      return { passage: negatives[negative]!, origin: { ...origin, passage: positives.length + negative } };
    }),
  ];
}

const noPassages = { ids: new Set<string>(), texts: new Set<string>() };

/** Places of the columns that share a key. */
function columnsBy<T>(columns: readonly T[], keyOf: (column: T) => string): Map<string, number[]> {
  const places = new Map<string, number[]>();
  columns.forEach((column, index) => {
    const key = keyOf(column);
    if (places.has(key)) places.get(key)!.push(index);
    else places.set(key, [index]);
  });
  return places;
}

/** For each query the ids and texts of every passage known to be relevant to it. */
function relevantPassages(examples: PlacedExample[]): { ids: Set<string>; texts: Set<string> }[] {
  const positivesOf = new Map<string, { ids: string[]; texts: string[] }>();
  const keys = ({ example, origin }: PlacedExample) => [`id ${origin.source} ${example.id}`, `query ${example.query}`];
  for (const placed of examples)
    for (const key of keys(placed)) {
      if (!positivesOf.has(key)) positivesOf.set(key, { ids: [], texts: [] });
      const { ids, texts } = positivesOf.get(key)!;
      for (const passage of placed.example.positives) {
        ids.push(idKey(placed.origin, passage));
        texts.push(textKey(passage));
      }
    }
  return examples.map((placed) => {
    const positives = keys(placed).map((key) => positivesOf.get(key)!);
    // Passages without ids carry empty ones: those say nothing.
    const ids = new Set(positives.flatMap(({ ids }) => ids).filter((id) => id !== ''));
    return { ids, texts: new Set(positives.flatMap(({ texts }) => texts)) };
  });
}

const textKey = ({ title, text }: { title: string; text: string }) => JSON.stringify([title, text]);

/** Two files may number different passages alike. */
const idKey = ({ source }: Origin, { id }: Passage) => (id === '' ? '' : `${source} ${id}`);
