import { createHash } from 'node:crypto';
import type { Example, Passage } from '../../data/example/example.js';
import { foldText } from '../../data/example/foldText.js';
import { memoryCorpus, type Corpus } from '../../data/task/corpus.js';
import { foldPassage } from './chooseNegatives.js';

/** The passages of training examples, and which of them are known to be relevant to what. */
export interface MiningCorpus {
  passages: readonly Passage[];
  /** The same, with their rows as ids. */
  corpus: Corpus;
  /** The row of each of an example's positives; undefined where it is not in the corpus. */
  positiveRows(example: Example): (number | undefined)[];
  /** Rows of the positives of all examples that ask the same. */
  knownRows(example: Example): readonly number[];
}

/**
 * The passages of examples that differ in more than case, punctuation and blanks; of those that do not, the first.
 * Held in memory.
 * @param onRow  told how many examples were read
 */
export async function collectPassages(
  examples: AsyncIterable<Example> | Iterable<Example>,
  onRow: (done: number) => void = () => {},
): Promise<MiningCorpus> {
  const rowOf = new Map<string, number>();
  const relevant = new Map<string, number[]>();
  const passages: Passage[] = [];
  let rows = 0;
  for await (const example of examples) {
    for (const { id, title, text } of [...example.positives, ...example.negatives]) {
      const passage = { id, title, text };
      const key = keyOf(foldPassage(passage));
      if (rowOf.has(key)) continue;
      rowOf.set(key, passages.length);
      passages.push(passage);
    }
    const query = keyOf(foldText(example.query));
    const positives = example.positives.map((passage) => rowOf.get(keyOf(foldPassage(passage)))!);
    relevant.set(query, [...(relevant.get(query) ?? []), ...positives]);
    onRow(++rows);
  }
  return {
    passages,
    corpus: memoryCorpus(passages.map((passage, row) => ({ ...passage, id: `${row}` }))),
    positiveRows: ({ positives }) => positives.map((passage) => rowOf.get(keyOf(foldPassage(passage)))),
    knownRows: ({ query }) => relevant.get(keyOf(foldText(query))) ?? [],
  };
}

/** A tenth of the text's memory. */
const keyOf = (text: string) => createHash('sha1').update(text).digest('base64');
