import { UserError } from '../../configs/userError.js';
import { contentKey } from '../example/contentKey.js';
import type { ExamplePassage } from '../example/example.js';
import { seededRandom, shuffle } from '../random.js';
import type { CandidateCounts } from './candidateCounts.js';
import type { Origin, PlacedExample, Position } from './shuffle.js';

/** A query or passage as it is read: its text, and the hashes of its images. */
interface PoolText {
  text: string;
  images?: string[];
}

/** Queries that share one pool of passages, as text and images. */
export interface Pool {
  queries: PoolText[];
  /** Each distinct passage of the pool once. */
  passages: (PoolText & { title: string })[];
  /** For each query its positive: a place in `passages`. */
  targets: number[];
  counts: CandidateCounts;
  /** Candidates left out because they are known to be relevant, over all queries: by id, and of the others by text or images. */
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
 *   of its row and of rows with the same query id or the same query, by passage id, by identical text and images, or by
 *   identical images. Ids of queries and passages count within one file alone. Its target stays, once.
 * @returns a pool that depends on the arguments alone
 * @throws UserError when a query has no negatives, and is to bring some
 */
export function composePool(
  examples: PlacedExample[],
  options: { passagesPerQuery: number; seed: number; maskRelevant: boolean },
): Pool {
  if (examples.length === 0) throw new Error('a pool needs at least one query');
  const groups = examples.map((placed) => choosePassages(placed, options.passagesPerQuery, options.seed));
  const passages = new Map<string, { index: number; passage: ExamplePassage; origin: PassageOrigin }>();
  const columns = groups.flat().map(({ passage, origin }) => {
    const key = contentKey(passage);
    if (!passages.has(key)) passages.set(key, { index: passages.size, passage, origin });
    return { id: idKey(origin, passage), key, shown: imagesKey(passage), index: passages.get(key)!.index };
  });
  const width = options.passagesPerQuery;
  const targets = groups.map((_, query) => columns[query * width]!.index);
  const times = new Int32Array(passages.size);
  for (const { index } of columns) times[index]! += 1;
  const relevant = options.maskRelevant ? relevantPassages(examples) : examples.map(() => noPassages);
  const byId = columnsBy(columns, ({ id }) => id);
  const byText = columnsBy(columns, ({ key }) => key);
  const byImages = columnsBy(columns, ({ shown }) => shown);
  const masked = { byId: 0, byText: 0 };
  const fewer = relevant.map(({ ids, texts, images }, query) => {
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
    for (const shown of images) for (const column of byImages.get(shown) ?? []) masked.byText += leaveOut(column);
    return left;
  });
  return {
    queries: examples.map(({ example: { query, queryImages } }) => ({
      text: query,
      ...(queryImages && { images: queryImages }),
    })),
    passages: [...passages.values()].map(({ passage: { title, text, images } }) => ({
      ...{ title, text },
      ...(images && { images }),
    })),
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
): { passage: ExamplePassage; origin: PassageOrigin }[] {
  if (negatives.length === 0 && count > 1)
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

/** Of passages known to be relevant: their ids, what they hold, and their images alone. */
interface Relevant {
  ids: Set<string>;
  texts: Set<string>;
  images: Set<string>;
}

const noPassages: Relevant = { ids: new Set(), texts: new Set(), images: new Set() };

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

/** For each query what is known of every passage that is relevant to it. */
function relevantPassages(examples: PlacedExample[]): Relevant[] {
  const positivesOf = new Map<string, { ids: string[]; texts: string[]; images: string[] }>();
  const keys = ({ example: { id, query, queryImages = [] }, origin }: PlacedExample) => [
    `id ${origin.source} ${id}`,
    `query ${[query, ...queryImages].join('\n')}`,
  ];
  for (const placed of examples)
    for (const key of keys(placed)) {
      if (!positivesOf.has(key)) positivesOf.set(key, { ids: [], texts: [], images: [] });
      const { ids, texts, images } = positivesOf.get(key)!;
      for (const passage of placed.example.positives) {
        ids.push(idKey(placed.origin, passage));
        texts.push(contentKey(passage));
        images.push(imagesKey(passage));
      }
    }
  return examples.map((placed) => {
    const positives = keys(placed).map((key) => positivesOf.get(key)!);
    // Passages without ids carry empty ones, and those without images likewise: these say nothing.
    const said = (keys: string[]) => new Set(keys.filter((key) => key !== ''));
    return {
      ids: said(positives.flatMap(({ ids }) => ids)),
      texts: said(positives.flatMap(({ texts }) => texts)),
      images: said(positives.flatMap(({ images }) => images)),
    };
  });
}

/** Whatever text stands beside them. */
const imagesKey = ({ images = [] }: ExamplePassage) => images.join(' ');

/** Two files may number different passages alike. */
const idKey = ({ source }: Origin, { id }: ExamplePassage) => (id === '' ? '' : `${source} ${id}`);
