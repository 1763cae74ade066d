import { seededRandom, shuffle } from '../random.js';
import { memoryCorpus, type Corpus } from './corpus.js';
import type { CorpusPassage } from './documents.js';
import type { RetrievalTask } from './readTask.js';

/** How much of a task is taken; all of it where a number is not given. */
export interface SampleSize {
  queries?: number | undefined;
  /** Searched: every judged one, and others up to this number. */
  documents?: number | undefined;
}

/**
 * A part of a task that stands for it: some of its queries, every document of the corpus that is judged for them, and
 * others drawn from the rest. The draw depends on the task alone, so that all runs are scored on the same sample. Its
 * texts are in memory.
 * @returns the task itself where the sample would be all of it
 */
export async function sampleTask(task: RetrievalTask, size: SampleSize): Promise<RetrievalTask> {
  const queries = sampleQueries(task.queries, size.queries);
  const qrels = new Map(queries.map(({ id }) => [id, task.qrels.get(id)!]));
  const corpus = await sampleCorpus(task.corpus, [...qrels.values()], size.documents);
  const isWhole = queries.length === task.queries.length && corpus === task.corpus;
  return isWhole ? task : { corpus, queries, qrels };
}

function sampleQueries<T>(queries: readonly T[], count = Infinity): T[] {
  if (count >= queries.length) return [...queries];
  const chosen = new Set(shuffle([...queries.keys()], seededRandom('queries of a sample')).slice(0, count));
  return queries.filter((_, index) => chosen.has(index));
}

async function sampleCorpus(
  corpus: Corpus,
  judgements: readonly ReadonlyMap<string, number>[],
  count = Infinity,
): Promise<Corpus> {
  if (count >= corpus.ids.size) return corpus;
  const isWanted = chooseRows(corpus, judgements, count);
  if (!isWanted.includes(0)) return corpus;
  const firstRows = [0];
  for (const { rows } of corpus.shards) firstRows.push(firstRows.at(-1)! + rows);
  const passages: CorpusPassage[] = [];
  const holdsAny = (shard: number) => isWanted.subarray(firstRows[shard], firstRows[shard + 1]).includes(1);
  for await (const { shard, passages: read } of corpus.read(holdsAny))
    passages.push(...read.filter((_, row) => isWanted[firstRows[shard]! + row] === 1));
  return memoryCorpus(passages);
}

/** For each row of the corpus 1 where it is taken: all that are judged, others as long as there is room. */
function chooseRows(corpus: Corpus, judgements: readonly ReadonlyMap<string, number>[], count: number): Uint8Array {
  const isWanted = new Uint8Array(corpus.ids.size);
  let judged = 0;
  for (const grades of judgements)
    for (const id of grades.keys()) {
      const row = corpus.ids.rowOf(id);
      if (row >= 0 && isWanted[row] === 0) [isWanted[row], judged] = [1, judged + 1];
    }
  // Selection sampling (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S): one pass, every choice equally likely.
  const random = seededRandom('documents of a sample');
  let [wanted, left] = [count - judged, corpus.ids.size - judged];
  for (let row = 0; row < isWanted.length && wanted > 0; row++) {
    if (isWanted[row] === 1) continue;
    if (random() * left-- < wanted) [isWanted[row], wanted] = [1, wanted - 1];
  }
  return isWanted;
}
