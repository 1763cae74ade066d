import type { Contract } from '../../configs/contract.js';
import type { RunConfig } from '../../configs/schema.js';
import type { ExampleFile } from '../../data/arrow/openExamples.js';
import type { Example } from '../../data/example/example.js';
import { tokenizeText } from '../../data/tokenizer/tokenizeText.js';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.js';
import type { PlanFacts } from '../../model/memory/memoryPlan.js';

/** Record batches of a file that are looked at, and rows of each whose texts are tokenized. */
const batchesLookedAt = 4;
const rowsOfBatch = 24;

/** A text that was not seen may be longer than all that were: by this factor, up to what the contract allows. */
const unseen = 1.25;

/**
 * Tokens of a pool and of its longest text. Rows spread over every file are tokenized whole, all positives and negatives;
 * of the other rows of the batches that were read, the longest texts.
 * @param weights  how often each file's rows come in an epoch; once where left out
 */
export async function poolShape(
  tokenizer: Tokenizer,
  contract: Contract,
  { training }: RunConfig,
  files: readonly ExampleFile[],
  weights: readonly number[] = files.map(() => 1),
): Promise<Pick<PlanFacts, 'poolTokens' | 'poolQueries' | 'poolPassages' | 'longestText'>> {
  const { queriesPerPool, passagesPerQuery, homogeneousPools } = training;
  const found: { tokens: number; share: number; longest: number }[] = [];
  for (const [index, file] of files.entries()) {
    const seen = await lengthsOf(file, tokenizer, contract);
    const group = mean(seen.positives) + (passagesPerQuery - 1) * mean(seen.negatives);
    const tokens = queriesPerPool * (mean(seen.queries) + group);
    found.push({ tokens, share: file.rows * weights[index]!, longest: seen.longest });
  }
  const all = found.reduce((sum, { share }) => sum + share, 0);
  const poolTokens = homogeneousPools
    ? Math.max(...found.map(({ tokens }) => tokens))
    : found.reduce((sum, { tokens, share }) => sum + tokens * (share / all), 0);
  const longest = Math.max(...found.map((file) => file.longest));
  const most = Math.max(contract.queryMaxLength, contract.passageMaxLength);
  return {
    poolTokens: Math.ceil(poolTokens),
    poolQueries: queriesPerPool,
    poolPassages: queriesPerPool * passagesPerQuery,
    longestText: Math.max(1, longest, Math.min(most, Math.ceil(unseen * longest))),
  };
}

interface Lengths {
  queries: number[];
  positives: number[];
  negatives: number[];
  longest: number;
}

async function lengthsOf(file: ExampleFile, tokenizer: Tokenizer, contract: Contract): Promise<Lengths> {
  const queryTokens = (text: string) => tokenizeText(tokenizer, contract, 'query', text).length;
  const passageTokens = ({ title, text }: Example['positives'][number]) =>
    tokenizeText(tokenizer, contract, 'passage', text, title).length;
  const seen: Lengths = { queries: [], positives: [], negatives: [], longest: 0 };
  for (const batch of spread(file.batchRows.length, batchesLookedAt)) {
    const examples = await file.read(batch);
    for (const row of spread(examples.length, rowsOfBatch)) {
      const { query, positives, negatives } = examples[row]!;
      seen.queries.push(queryTokens(query));
      seen.positives.push(...positives.map(passageTokens));
      seen.negatives.push(...negatives.map(passageTokens));
    }
    const passages = examples.flatMap(({ positives, negatives }) => [...positives, ...negatives]);
    const longestQuery = longestOf(examples, ({ query }) => query.length);
    const longestPassage = longestOf(passages, ({ title, text }) => title.length + text.length);
    const lengths = [...seen.queries, ...seen.positives, ...seen.negatives];
    seen.longest = [queryTokens(longestQuery!.query), passageTokens(longestPassage!), ...lengths].reduce(
      (most, length) => Math.max(most, length),
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
