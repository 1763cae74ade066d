import type { Contract, TextKind } from '../../configs/contract.js';
import type { RunConfig } from '../../configs/schema.js';
import type { ExampleFile } from '../../data/arrow/openExamples.js';
import type { Example, ExamplePassage } from '../../data/example/example.js';
import { tokenizeText } from '../../data/tokenizer/tokenizeText.js';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.js';
import type { PlanFacts } from '../../model/memory/memoryPlan.js';

/** Record batches of a file that are looked at, and rows of each whose texts are tokenized. */
const batchesLookedAt = 4;
const rowsOfBatch = 24;

/** A text that was not seen may be longer than all that were: by this factor, up to what the contract allows. */
const unseen = 1.25;

/** About so many characters are a token: which of two passages is the longer one need not be known exactly. */
const charactersOfToken = 4;

/**
 * Tokens of a pool and of its longest text. Rows spread over every file are tokenized whole, all positives and negatives;
 * of the other rows of the batches that were read, the longest texts.
 * @param weights  how often each file's rows come in an epoch; once where left out
 * @param imageTokens  of an image by its SHA-256, where there are any
 */
export async function poolShape(
  tokenizer: Tokenizer,
  contract: Contract,
  { training }: RunConfig,
  files: readonly ExampleFile[],
  weights: readonly number[] = files.map(() => 1),
  imageTokens: (sha256: string) => number = () => 0,
): Promise<Pick<PlanFacts, 'poolTokens' | 'poolQueries' | 'poolPassages' | 'longestText'> & ImageShape> {
  const { queriesPerPool, passagesPerQuery, homogeneousPools } = training;
  const found: { tokens: number; shown: number; share: number; longest: number; largest: number }[] = [];
  for (const [index, file] of files.entries()) {
    const seen = await lengthsOf(file, tokenizer, contract, imageTokens);
    const ofPool = (part: (length: Length) => number) => {
      const [queries, positives, negatives] = [seen.queries, seen.positives, seen.negatives].map((lengths) =>
        mean(lengths.map(part)),
      );
      return queriesPerPool * (queries! + positives! + (passagesPerQuery - 1) * negatives!);
    };
    const tokens = ofPool(({ all }) => all);
    const shown = ofPool(({ images }) => images);
    const largest = [...(file.images?.images.keys() ?? [])].reduce(
      (most, image) => Math.max(most, imageTokens(image)),
      0,
    );
    found.push({ tokens, shown, share: file.rows * weights[index]!, longest: seen.longest, largest });
  }
  const all = found.reduce((sum, { share }) => sum + share, 0);
  const ofAny = (part: (file: (typeof found)[number]) => number) =>
    homogeneousPools
      ? Math.max(...found.map(part))
      : found.reduce((sum, file) => sum + part(file) * (file.share / all), 0);
  const longest = Math.max(...found.map((file) => file.longest));
  const largestImage = Math.max(...found.map(({ largest }) => largest));
  const most = Math.max(contract.queryMaxLength, contract.passageMaxLength) + largestImage;
  return {
    poolTokens: Math.ceil(ofAny(({ tokens }) => tokens)),
    poolQueries: queriesPerPool,
    poolPassages: queriesPerPool * passagesPerQuery,
    longestText: Math.max(1, longest, Math.min(most, Math.ceil(unseen * longest))),
    ...(largestImage > 0 && { largestImage, imageTokens: Math.ceil(ofAny(({ shown }) => shown)) }),
  };
}

/** Tokens of the largest image, and of all images of a pool; absent where there are none. */
interface ImageShape {
  largestImage?: number;
  imageTokens?: number;
}

/** Tokens of a text with its images, and of these alone. */
interface Length {
  all: number;
  images: number;
}

interface Lengths {
  queries: Length[];
  positives: Length[];
  negatives: Length[];
  longest: number;
}

async function lengthsOf(
  file: ExampleFile,
  tokenizer: Tokenizer,
  contract: Contract,
  imageTokens: (sha256: string) => number,
): Promise<Lengths> {
  const length = (kind: TextKind, text: string, title: string | undefined, images: readonly string[]): Length => {
    const shown = images.reduce((sum, image) => sum + imageTokens(image), 0);
    // A mark stands for each image, around whose tokens there are two more.
    const marked = tokenizeText(tokenizer, contract, kind, text, title, images.length).length;
    return { all: marked + images.length + shown, images: shown };
  };
  const queryTokens = ({ query, queryImages = [] }: Example) => length('query', query, undefined, queryImages);
  const passageTokens = ({ title, text, images = [] }: ExamplePassage) => length('passage', text, title, images);
  const seen: Lengths = { queries: [], positives: [], negatives: [], longest: 0 };
  for (const batch of spread(file.batchRows.length, batchesLookedAt)) {
    const examples = await file.read(batch);
    for (const row of spread(examples.length, rowsOfBatch)) {
      const { positives, negatives } = examples[row]!;
      seen.queries.push(queryTokens(examples[row]!));
      seen.positives.push(...positives.map(passageTokens));
      seen.negatives.push(...negatives.map(passageTokens));
    }
    const passages = examples.flatMap(({ positives, negatives }) => [...positives, ...negatives]);
    const longestQuery = longestOf(examples, ({ query }) => query.length);
    const longestPassage = longestOf(passages, ({ title, text, images = [] }) => {
      const shown = images.reduce((sum, image) => sum + imageTokens(image), 0);
      return title.length + text.length + charactersOfToken * shown;
    });
    const lengths = [...seen.queries, ...seen.positives, ...seen.negatives];
    seen.longest = [queryTokens(longestQuery!), passageTokens(longestPassage!), ...lengths].reduce(
      (most, { all }) => Math.max(most, all),
      seen.longest,
    );
  }
  return seen;
}

/** At most `count` of the places below `size`, the first and the last among them, evenly apart. */
function spread(size: number, count: number): number[] {
  const taken = Math.min(size, count);
  return Array.from({ length: taken }, (_, index) =>
    taken === 1 ? 0 : Math.round((index * (size - 1)) / (taken - 1)),
  );
}

const longestOf = <T>(items: readonly T[], lengthOf: (item: T) => number): T | undefined =>
  items.reduce<T | undefined>(
    (best, item) => (best === undefined || lengthOf(item) > lengthOf(best) ? item : best),
    undefined,
  );

const mean = (lengths: readonly number[]) =>
  lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length);
