import { createHash } from 'node:crypto';
import { openExamples } from '../arrow/openExamples.js';
import { foldText } from '../example/foldText.js';
import { measureImage } from '../image/decodeImage.js';
import type { ImageSource } from '../image/imageSource.js';
import { readTask, type TaskUse } from '../task/readTask.js';
import type { TokensOfImage } from './imageFacts.js';
import { createTally, type Spread } from './tally.js';

/** A task that training data is compared with, read as models are judged on it. */
export interface ComparedTask extends TaskUse {
  name: string;
  folder: string;
  split: string;
}

/** What training files and a task have in common. */
export interface Overlap {
  task: string;
  taskQueries: number;
  /** Passages that the task calls relevant to a query. */
  taskRelevant: number;
  /** Training rows that ask what a query of the task asks, and the first of them. */
  rowsWithQuery: number;
  firstQueries: string[];
  /** Training rows of which a positive is relevant in the task. */
  rowsWithPositive: number;
  /** By what passages were recognised: ids count where both draw on the same collection, texts always. */
  by: 'id and text' | 'text';
  /** Of the task's documents, where they have any: larger side in pixels, and tokens as `TokensOfImage` says. */
  images?: { longerSide: Spread; tokens?: Spread };
}

/** Queries shown of each task. */
const queriesShown = 3;

/**
 * Look for the queries and the relevant passages of tasks in training files. Texts are the same when case, punctuation
 * and blanks are levelled; what has images is known by these alone, since words beside a page differ by who read it. Ids are of the same collection when most training positives that have the id of a relevant
 * passage have its text too. Memory holds 40 bytes or so for each query and relevant passage of the tasks.
 * @param onRows    told how many training rows were read
 * @param tokensOf  tells the tokens of an image
 * @throws UserError when a file or task cannot be read
 */
export async function inspectOverlap(
  files: readonly string[],
  tasks: readonly ComparedTask[],
  onRows: (done: number) => void = () => {},
  tokensOf?: TokensOfImage,
): Promise<Overlap[]> {
  const watched = [];
  for (const task of tasks) watched.push(await watch(task, tokensOf));
  let rows = 0;
  for (const path of files) {
    const file = await openExamples(path);
    try {
      for (let batch = 0; batch < file.batchRows.length; batch++) {
        for (const { query, queryImages, positives } of await file.read(batch)) {
          const asked = keyOf(query, queryImages);
          const keys = positives.map(({ id, title, text, images }) => ({ id, key: keyOf(`${title} ${text}`, images) }));
          for (const one of watched) one.add(query, asked, keys);
          rows++;
        }
        onRows(rows);
      }
    } finally {
      await file.close();
    }
  }
  return watched.map(({ found }) => found());
}

/** Counts what training rows have in common with a task. */
async function watch({ name, folder, split, ...use }: ComparedTask, tokensOf: TokensOfImage | undefined) {
  const { corpus, queries, qrels } = await readTask(folder, split, use);
  const asked = new Set(queries.map(({ text, images }) => keyOf(text, images?.map(hashOf))));
  const textOf = new Map<string, string>();
  const [sides, tokens] = [createTally(), createTally()];
  let hasImages = false;
  for (const grades of qrels.values()) for (const [id, grade] of grades) if (grade > 0) textOf.set(id, '');
  for await (const { passages } of corpus.read())
    for (const { id, title, text, images } of passages) {
      if (textOf.has(id)) textOf.set(id, keyOf(`${title} ${text}`, images?.map(hashOf)));
      for (const image of images ?? []) {
        const size = await measureImage(await image.read());
        sides.add(Math.max(size.height, size.width));
        if (tokensOf) tokens.add(tokensOf(size));
        hasImages = true;
      }
    }
  const texts = new Set(textOf.values());
  texts.delete(''); // of judged passages that the corpus lacks
  const counts = { rowsWithQuery: 0, byText: 0, byEither: 0, sameText: 0, otherText: 0 };
  const firstQueries: string[] = [];
  return {
    add(query: string, key: string, positives: { id: string; key: string }[]) {
      if (asked.has(key)) {
        counts.rowsWithQuery++;
        if (firstQueries.length < queriesShown) firstQueries.push(query);
      }
      const isText = positives.some((positive) => texts.has(positive.key));
      const byId = positives.filter(({ id }) => id !== '' && textOf.has(id));
      for (const positive of byId)
        if (textOf.get(positive.id) === positive.key) counts.sameText++;
        else counts.otherText++;
      if (isText) counts.byText++;
      if (isText || byId.length > 0) counts.byEither++;
    },
    found(): Overlap {
      const isSame = counts.sameText > counts.otherText;
      return {
        task: name,
        taskQueries: asked.size,
        taskRelevant: textOf.size,
        rowsWithQuery: counts.rowsWithQuery,
        firstQueries,
        rowsWithPositive: isSame ? counts.byEither : counts.byText,
        by: isSame ? 'id and text' : 'text',
        ...(hasImages && { images: { longerSide: sides.spread(), ...(tokensOf && { tokens: tokens.spread() }) } }),
      };
    },
  };
}

/** @param images  by SHA-256 */
const keyOf = (text: string, images: readonly string[] = []) =>
  createHash('sha1')
    .update(images.length > 0 ? images.join() : foldText(text))
    .digest('base64');

const hashOf = ({ sha256 }: ImageSource) => sha256;
