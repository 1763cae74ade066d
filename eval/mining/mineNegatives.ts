import { UserError } from '../../configs/userError.js';
import { carryImages, removeImages } from '../../data/arrow/images/carryImages.js';
import type { StagedFile } from '../../data/files/writeBeside.js';
import type { ImageFile } from '../../data/arrow/images/imageFile.js';
import { createExampleWriter } from '../../data/arrow/writeExamples.js';
import { openExamples, type ExampleFile } from '../../data/arrow/openExamples.js';
import { requireUsableRows } from '../../data/arrow/rowFacts.js';
import type { Example, ExamplePassage } from '../../data/example/example.js';
import { bm25Defaults, bm25Searcher, buildBm25Index, type Bm25Index, type Bm25Settings } from '../bm25/index.js';
import { chooseNegatives, type MiningOptions, type RankedExample } from './chooseNegatives.js';
import type { Encoder } from '../encoder/encoder.js';
import { collectPassages, type MiningCorpus } from './miningCorpus.js';
import { rankDense, type ModelMiningOptions } from './rankDense.js';

/**
 * Give each example new negatives out of those that BM25 ranks high for its query, as `chooseNegatives` does.
 * @param corpus  the passages that the index was built from, in the same order
 */
export async function* mineNegatives(
  examples: AsyncIterable<Example> | Iterable<Example>,
  corpus: readonly ExamplePassage[],
  index: Bm25Index,
  options: MiningOptions,
): AsyncGenerator<Example> {
  const nothing = { positiveRows: () => [], knownRows: () => [] };
  for await (const ranked of rankBm25(examples, nothing, index, options.toRank))
    yield chooseNegatives(ranked, corpus, options);
}

export interface MinedFile {
  rows: number;
  /** Distinct passages that were searched. */
  passages: number;
  /** Rows that got fewer negatives than wanted. */
  short: number;
}

/** By what the passages are ranked. */
export type MiningModel = { bm25?: Bm25Settings } | { encoder: Encoder; dense?: ModelMiningOptions };

/**
 * Mine negatives for an Arrow file of examples from the passages of the file itself. Rows are streamed; the distinct
 * passages and their index, or the embeddings of a part of them, are held in memory. The same arguments give the same
 * bytes.
 * @param onProgress  told rows done of all rows: each row counts twice, once collected and once mined
 * @throws UserError when the ranks hold too few passages, the input cannot be read or the disk is full; an older output
 *   is then intact
 */
export async function mineArrow(
  inputFile: string,
  outputFile: string,
  options: MiningOptions & MiningModel,
  onProgress: (done: number, all: number) => void = () => {},
): Promise<MinedFile> {
  requireRanks(options);
  const input = await openExamples(inputFile);
  try {
    await requireUsableRows(input);
    const found = await collectPassages(rowsOf(input), (done) => onProgress(done, 2 * input.rows), input.images);
    if (!('encoder' in options)) requireWords(inputFile, found);
    const writer = await createExampleWriter(outputFile, {
      metadata: { 'tercet.mined': JSON.stringify(madeBy(options)) },
      withImages: input.images !== undefined,
    });
    let [rows, short] = [0, 0];
    let images: StagedFile | undefined;
    try {
      if (input.images) images = await carryImages(inputFile, outputFile);
      for await (const ranked of rank(rowsOf(input), found, options, input.images)) {
        const example = chooseNegatives(ranked, found.passages, options);
        await writer.write(example);
        if (example.negatives.length < options.negatives) short++;
        onProgress(input.rows + ++rows, 2 * input.rows);
      }
      await writer.close();
    } catch (error) {
      await writer.abort();
      await images?.discard();
      throw error;
    }
    await (images ? images.commit() : removeImages(outputFile));
    return { rows, passages: found.passages.length, short };
  } finally {
    await input.close();
  }
}

/** Kept in the file that was mined. */
function madeBy(options: MiningOptions & MiningModel) {
  const { negatives, fromRank, toRank, seed, absoluteMargin, relativeMargin } = options;
  const model = 'encoder' in options ? options.encoder.name : 'bm25';
  return { model, negatives, fromRank, toRank, seed, absoluteMargin, relativeMargin };
}

/** BM25 ranks by words: a page without any would never be found. */
function requireWords(inputFile: string, { corpus: { pictured, worded, ids } }: MiningCorpus): void {
  if (pictured > 0 && worded < ids.size)
    throw new UserError(
      `${ids.size - worded} of ${ids.size} passages of ${inputFile} are images without a text, which BM25 cannot rank; name a model that reads images by --model`,
    );
}

function rank(
  examples: AsyncGenerator<Example>,
  found: MiningCorpus,
  options: MiningOptions & MiningModel,
  images: ImageFile | undefined,
) {
  if ('encoder' in options)
    return rankDense(examples, found, options.encoder, options.toRank, options.dense ?? {}, images);
  return rankBm25(examples, found, buildBm25Index(found.passages, options.bm25 ?? bm25Defaults), options.toRank);
}

async function* rankBm25(
  examples: AsyncIterable<Example> | Iterable<Example>,
  { positiveRows, knownRows }: Pick<MiningCorpus, 'positiveRows' | 'knownRows'>,
  index: Bm25Index,
  depth: number,
): AsyncGenerator<RankedExample> {
  const search = bm25Searcher(index, depth);
  for await (const example of examples) {
    const positiveScores = positiveRows(example).map((row) =>
      row === undefined ? undefined : bm25Score(index, example.query, row),
    );
    yield { example, hits: search(example.query), positiveScores, knownRows: knownRows(example) };
  }
}

/** The score of one passage, as the search would give it. */
function bm25Score(index: Bm25Index, query: string, row: number): number {
  let score = 0;
  for (const text of index.analyze(query)) {
    const term = index.terms.get(text);
    if (term === undefined) continue;
    let [low, high] = [index.begins[term]!, index.begins[term + 1]!];
    const end = high;
    while (low < high) {
      const middle = Math.floor((low + high) / 2); // places go beyond 2^31
      if (index.rows[middle]! < row) low = middle + 1;
      else high = middle;
    }
    if (low < end && index.rows[low] === row) score += index.impacts[low]!;
  }
  return Math.fround(score);
}

function requireRanks({ negatives, fromRank, toRank }: MiningOptions): void {
  const held = Math.max(0, toRank - fromRank + 1);
  if (fromRank < 1 || held < negatives)
    throw new UserError(
      `negatives are drawn from ranks of 1 and more; ranks ${fromRank} to ${toRank} hold ${held}, ${negatives} are wanted`,
    );
}

async function* rowsOf(input: ExampleFile): AsyncGenerator<Example> {
  for (let batch = 0; batch < input.batchRows.length; batch++) yield* await input.read(batch);
}
