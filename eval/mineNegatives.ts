import { createHash } from 'node:crypto';
import { UserError } from '../configs/userError.js';
import { createExampleWriter } from '../data/arrow/writeExamples.js';
import { openExamples, type ExampleFile } from '../data/arrow/openExamples.js';
import { foldText } from '../data/foldText.js';
import type { Example, Passage } from '../data/example.js';
import { seededRandom, shuffle } from '../data/random.js';
import { bm25Defaults, bm25Searcher, buildBm25Index, type Bm25Index, type Bm25Settings } from './bm25.js';

export interface MiningOptions {
  /** Negatives wanted for each query. */
  negatives: number;
  /** They are drawn from these BM25 ranks, counted from 1, both ends included. */
  fromRank: number;
  toRank: number;
  seed: number;
}

/**
 * Give each example new negatives: passages that BM25 ranks high for its query and that are none of its positives,
 * neither by id nor by text with case, punctuation and blanks levelled. The draw depends on seed, example and corpus
 * alone; the drawn come in the order of their ranks, and are fewer than wanted where the ranks hold no more.
 * @param corpus  the passages that the index was built from, in the same order
 */
export async function* mineNegatives(
  examples: AsyncIterable<Example> | Iterable<Example>,
  corpus: readonly Passage[],
  index: Bm25Index,
  { negatives, fromRank, toRank, seed }: MiningOptions,
): AsyncGenerator<Example> {
  const search = bm25Searcher(index, toRank);
  for await (const example of examples) {
    const ranked = search(example.query).slice(fromRank - 1);
    const order = shuffle([...ranked.keys()], seededRandom('mined negatives', seed, example.id, example.query));
    const ids = new Set(example.positives.map(({ id }) => id).filter((id) => id !== '')); // rows without ids have empty ones
    const texts = new Set(example.positives.map(foldPassage));
    const chosen: number[] = [];
    for (const place of order) {
      if (chosen.length === negatives) break;
      const passage = corpus[ranked[place]!.row]!;
      const text = foldPassage(passage);
      if (ids.has(passage.id) || texts.has(text)) continue;
      texts.add(text);
      chosen.push(place);
    }
    chosen.sort((one, two) => one - two);
    yield { ...example, negatives: chosen.map((place) => corpus[ranked[place]!.row]!) };
  }
}

export interface MinedFile {
  rows: number;
  /** Distinct passages that were searched. */
  passages: number;
  /** Rows that got fewer negatives than wanted. */
  short: number;
}

/**
 * Mine negatives for an Arrow file of examples from the passages of the file itself. Rows are streamed; the distinct
 * passages and their index are held in memory.
 * @param onProgress  told rows done of all rows: each row counts twice, once collected and once mined
 * @throws UserError when the ranks hold too few passages, the input cannot be read or the disk is full; an older output
 *   is then intact
 */
export async function mineArrow(
  inputFile: string,
  outputFile: string,
  options: MiningOptions & { bm25?: Bm25Settings },
  onProgress: (done: number, all: number) => void = () => {},
): Promise<MinedFile> {
  requireRanks(options);
  const input = await openExamples(inputFile);
  try {
    const corpus = await distinctPassages(input, (done) => onProgress(done, 2 * input.rows));
    const index = buildBm25Index(corpus, options.bm25 ?? bm25Defaults);
    const writer = await createExampleWriter(outputFile);
    let [rows, short] = [0, 0];
    try {
      for await (const example of mineNegatives(rowsOf(input), corpus, index, options)) {
        await writer.write(example);
        if (example.negatives.length < options.negatives) short++;
        onProgress(input.rows + ++rows, 2 * input.rows);
      }
    } catch (error) {
      await writer.abort();
      throw error;
    }
    await writer.close();
    return { rows, passages: corpus.length, short };
  } finally {
    await input.close();
  }
}

function requireRanks({ negatives, fromRank, toRank }: MiningOptions): void {
  const held = Math.max(0, toRank - fromRank + 1);
  if (fromRank < 1 || held < negatives)
    throw new UserError(
      `negatives are drawn from ranks of 1 and more; ranks ${fromRank} to ${toRank} hold ${held}, ${negatives} are wanted`,
    );
}

/** Passages that differ in more than case, punctuation and blanks; of those that do not, the first. */
async function distinctPassages(input: ExampleFile, onRow: (done: number) => void): Promise<Passage[]> {
  const seen = new Set<string>();
  const corpus: Passage[] = [];
  let rows = 0;
  for await (const { positives, negatives } of rowsOf(input)) {
    for (const passage of [...positives, ...negatives]) {
      const key = createHash('sha1').update(foldPassage(passage)).digest('base64'); // a tenth of the text's memory
      if (seen.has(key)) continue;
      seen.add(key);
      corpus.push(passage);
    }
    onRow(++rows);
  }
  return corpus;
}

async function* rowsOf(input: ExampleFile): AsyncGenerator<Example> {
  for (let batch = 0; batch < input.batchRows.length; batch++) yield* await input.read(batch);
}

const foldPassage = ({ title, text }: Passage) => foldText(`${title} ${text}`);
