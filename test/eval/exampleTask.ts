import { writeBeir, type BeirTask } from '../../data/task/beir.js';
import type { Retriever } from '../../eval/measure/ranking.js';
import type { Task } from '../../eval/tasks/task.js';

/** Four documents and two queries: q1 asks for a and b, q2 for c. */
export const exampleTask: BeirTask = {
  corpus: ['a', 'b', 'c', 'q2'].map((id) => ({ id, title: '', text: `text of ${id}` })),
  queries: [
    { id: 'q1', text: 'first' },
    { id: 'q2', text: 'second' },
  ],
  qrels: new Map([
    [
      'q1',
      new Map([
        ['a', 1],
        ['b', 1],
      ]),
    ],
    ['q2', new Map([['c', 1]])],
  ]),
};

/** Write the example task, or another, and tell where it is. */
export async function writeExampleTask(folder: string, task = exampleTask): Promise<Task> {
  await writeBeir(folder, 'test', task);
  return {
    name: 'example',
    identity: { set: 'example', part: null, split: 'test', titles: 'use' },
    folder,
    split: 'test',
    metrics: ['mrr@2', 'recall@2'],
    ignoreIdenticalIds: true,
    titles: 'use',
  };
}

/** Ranks each query's documents as told. */
export function fixedRetriever(name: string, rankings: Record<string, string[]>): Retriever {
  return {
    name,
    identity: JSON.stringify(rankings),
    retrieve: async (_, depth) =>
      new Map(
        Object.entries(rankings).map(([query, ids]) => [
          query,
          ids.slice(0, depth).map((id, index) => ({ id, score: 10 - index })),
        ]),
      ),
  };
}
