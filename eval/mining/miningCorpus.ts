import { createHash } from 'node:crypto';
import type { Example, ExamplePassage } from '../../data/example/example.js';
import type { ImageFile } from '../../data/arrow/images/imageFile.js';
import { foldText } from '../../data/example/foldText.js';
import type { ImageSource } from '../../data/image/imageSource.js';
import { memoryCorpus, type Corpus } from '../../data/task/corpus.js';

/** The passages of training examples, and which of them are known to be relevant to what. */
export interface MiningCorpus {
  passages: readonly ExamplePassage[];
  /** The same, with their rows as ids, and their images to be read. */
  corpus: Corpus;
  /** The row of each of an example's positives; undefined where it is not in the corpus. */
  positiveRows(example: Example): (number | undefined)[];
  /** Rows of the positives of all examples that ask the same. */
  knownRows(example: Example): readonly number[];
}

/**
 * The passages of examples that differ in more than case, punctuation and blanks, or in their images; of those that do not,
 * the first. Held in memory, but for the images.
 * @param onRow   told how many examples were read
 * @param images  of the examples, where they have any
 */
export async function collectPassages(
  examples: AsyncIterable<Example> | Iterable<Example>,
  onRow: (done: number) => void = () => {},
  images?: ImageFile,
): Promise<MiningCorpus> {
  const rowOf = new Map<string, number>();
  const relevant = new Map<string, number[]>();
  const passages: ExamplePassage[] = [];
  let rows = 0;
  for await (const example of examples) {
    for (const { score: _, ...passage } of [...example.positives, ...example.negatives]) {
      const key = passageKey(passage);
      if (rowOf.has(key)) continue;
      rowOf.set(key, passages.length);
      passages.push(passage);
    }
    const query = queryKey(example);
    const positives = example.positives.map((passage) => rowOf.get(passageKey(passage))!);
    relevant.set(query, [...(relevant.get(query) ?? []), ...positives]);
    onRow(++rows);
  }
  return {
    passages,
    corpus: memoryCorpus(
      passages.map(({ images: hashes, ...passage }, row) => ({
        ...passage,
        id: `${row}`,
        ...(hashes && { images: imageSources(hashes, images!) }),
      })),
    ),
    positiveRows: ({ positives }) => positives.map((passage) => rowOf.get(passageKey(passage))),
    knownRows: (example) => relevant.get(queryKey(example)) ?? [],
  };
}

/** Images of a file as encoders take them: each is read when it is needed. */
export const imageSources = (hashes: readonly string[], file: Pick<ImageFile, 'path' | 'read'>): ImageSource[] =>
  hashes.map((sha256) => ({
    sha256,
    name: `image ${sha256} of ${file.path}`,
    read: () => file.read(sha256),
  }));

const passageKey = ({ title, text, images = [] }: ExamplePassage) =>
  keyOf([foldText(`${title} ${text}`), ...images].join('\n'));
const queryKey = ({ query, queryImages = [] }: Example) => keyOf([foldText(query), ...queryImages].join('\n'));

/** A tenth of the text's memory. */
const keyOf = (text: string) => createHash('sha1').update(text).digest('base64');
