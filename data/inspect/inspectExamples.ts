import { open } from 'node:fs/promises';
import type { Contract, TextKind } from '../../configs/contract.js';
import { openExamples, type ExampleFile } from '../arrow/openExamples.js';
import { requireUsableRows } from '../arrow/rowFacts.js';
import { scanArrow } from '../arrow/message/scanArrow.js';
import { unreadType } from '../arrow/message/unreadFields.js';
import { countDistinct } from './countDistinct.js';
import { contentKey } from '../example/contentKey.js';
import type { Example, ExamplePassage } from '../example/example.js';
import { createImageFacts, type InspectedImages, type TokensOfImage } from './imageFacts.js';
import { createTally, type Spread, type Tally } from './tally.js';
import type { TokenEncoder } from '../tokenizer/byteLevel.js';
import { tokenizeText } from '../tokenizer/tokenizeText.js';

/** What is in a file of training examples. */
export interface Inspection {
  path: string;
  form: 'file' | 'stream';
  columns: { name: string; type: string }[];
  metadata: Record<string, string>;
  rows: number;
  recordBatches: number;
  rowsOfLargestBatch: number;
  positivesPerQuery: Spread;
  negativesPerQuery: Spread;
  rowsWithoutNegatives: number;
  /** Rows whose negatives hold one of their positives, by id or text. */
  rowsWithPositiveAsNegative: number;
  repeatedQueryIds: number;
  repeatedQueries: number;
  passages: { all: number; distinct: number };
  /** Absent where there are none. */
  images?: InspectedImages;
  queryCharacters: Spread;
  passageCharacters: Spread;
  tokens: { rowsMeasured: number; query: TokenLengths; passage: TokenLengths } | null;
  /** The first rows. */
  samples: Example[];
}

/** Lengths in tokens under a contract as they would be without its limit. */
export interface TokenLengths {
  limit: number;
  /** Texts that are longer than the limit, so that tokens are cut off. */
  cut: number;
  spread: Spread;
  /** How many texts have a length from `from` to `to`, both included; the last bar has no upper end. */
  histogram: { from: number; to: number | null; texts: number }[];
}

/**
 * Read a file of training examples once, batch by batch, and say what is in it.
 * @param options.tokens     measure lengths in tokens on at most `rows` rows, spread evenly over the file, and of images
 *   where the base has a vision tower
 * @param options.sheet      how many images to tell one by one; none unless given
 * @param options.onRows     told how many rows have been read so far
 * @throws UserError as `openExamples` does
 */
export async function inspectExamples(
  path: string,
  options: {
    samples: number;
    tokens?: { tokenizer: TokenEncoder; contract: Contract; rows: number; ofImage?: TokensOfImage | undefined };
    sheet?: number;
    onRows?: (done: number, all: number) => void;
  },
): Promise<Inspection> {
  const file = await openExamples(path);
  try {
    await requireUsableRows(file);
    return { ...(await describeFile(file)), ...(await inspectRows(file, options)) };
  } finally {
    await file.close();
  }
}

async function describeFile({ path, form, rows, batchRows }: ExampleFile) {
  const handle = await open(path);
  const { schema } = await scanArrow(handle, path).finally(() => handle.close());
  return {
    path,
    form,
    columns: schema.fields.map((field) => ({ name: field.name, type: unreadType(field) ?? String(field.type) })),
    metadata: Object.fromEntries(schema.metadata),
    rows,
    recordBatches: batchRows.length,
    rowsOfLargestBatch: batchRows.reduce((most, count) => Math.max(most, count), 0),
  };
}

async function inspectRows(file: ExampleFile, options: Parameters<typeof inspectExamples>[1]) {
  const [ids, queries, passages] = [countDistinct(), countDistinct(), countDistinct()];
  const [positives, negatives, queryCharacters, passageCharacters] = [1, 2, 3, 4].map(createTally) as FourTallies;
  const [queryTokens, passageTokens] = [createTally(), createTally()];
  const images = file.images && createImageFacts(file.images, options.sheet ?? 0, options.tokens?.ofImage);
  const every = options.tokens ? Math.ceil(file.rows / options.tokens.rows) : Infinity;
  const samples: Example[] = [];
  let [done, rowsWithoutNegatives, rowsWithPositiveAsNegative, rowsMeasured] = [0, 0, 0, 0];
  for (let batch = 0; batch < file.batchRows.length; batch++) {
    for (const example of await file.read(batch)) {
      if (samples.length < options.samples) samples.push(example);
      ids.add(example.id);
      queries.add([example.query, ...(example.queryImages ?? [])].join('\n'));
      images?.add(example);
      queryCharacters.add(example.query.length);
      positives.add(example.positives.length);
      negatives.add(example.negatives.length);
      if (example.negatives.length === 0) rowsWithoutNegatives++;
      if (hasPositiveAsNegative(example)) rowsWithPositiveAsNegative++;
      for (const passage of [...example.positives, ...example.negatives]) {
        passages.add(contentKey(passage));
        passageCharacters.add(passage.title.length + passage.text.length);
      }
      if (options.tokens && done % every === 0) {
        measureTokens(example, options.tokens, queryTokens, passageTokens);
        rowsMeasured++;
      }
      done++;
    }
    options.onRows?.(done, file.rows);
  }
  const repeated = ({ all, distinct }: { all: number; distinct: number }) => all - distinct;
  const contract = options.tokens?.contract;
  const shown = images?.facts();
  return {
    positivesPerQuery: positives.spread(),
    negativesPerQuery: negatives.spread(),
    rowsWithoutNegatives,
    rowsWithPositiveAsNegative,
    repeatedQueryIds: repeated(ids.count()),
    repeatedQueries: repeated(queries.count()),
    passages: passages.count(),
    ...(shown && { images: shown }),
    queryCharacters: queryCharacters.spread(),
    passageCharacters: passageCharacters.spread(),
    tokens: contract
      ? {
          rowsMeasured,
          query: tokenLengths(queryTokens, contract.queryMaxLength),
          passage: tokenLengths(passageTokens, contract.passageMaxLength),
        }
      : null,
    samples,
  };
}

type FourTallies = [Tally, Tally, Tally, Tally];

function hasPositiveAsNegative({ positives, negatives }: Example): boolean {
  return negatives.some((negative) =>
    positives.some(
      (positive) => (negative.id !== '' && positive.id === negative.id) || holdTheSame(positive, negative),
    ),
  );
}

/** As equal `contentKey`s, which are not made here: of nearly all passages the texts already differ. */
const holdTheSame = (one: ExamplePassage, other: ExamplePassage) =>
  one.text === other.text && one.title === other.title && String(one.images ?? []) === String(other.images ?? []);

function measureTokens(
  example: Example,
  { tokenizer, contract }: { tokenizer: TokenEncoder; contract: Contract },
  query: Tally,
  passage: Tally,
): void {
  const unlimited = { ...contract, queryMaxLength: Infinity, passageMaxLength: Infinity };
  const length = (kind: TextKind, text: string, title?: string) =>
    tokenizeText(tokenizer, unlimited, kind, text, title).length;
  query.add(length('query', example.query));
  for (const { title, text } of [...example.positives, ...example.negatives])
    passage.add(length('passage', text, title));
}

/** The histogram has bars of a quarter of the limit up to twice the limit, then one for all that is longer. */
function tokenLengths(tally: Tally, limit: number): TokenLengths {
  const width = Math.ceil(limit / 4);
  const histogram = Array.from({ length: 9 }, (_, bar) => {
    const from = bar * width + 1;
    const to = bar < 8 ? from + width - 1 : null;
    return { from, to, texts: tally.between(from, to === null ? Infinity : to + 1) };
  });
  return { limit, cut: tally.between(limit + 1, Infinity), spread: tally.spread(), histogram };
}
