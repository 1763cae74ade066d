import type { RetrievalTask } from '../../data/task/readTask.js';
import { isBlank } from '../../data/example/row/textOf.js';
import { UserError } from '../../configs/userError.js';

/** A retriever of words was given a task that has none, in its documents or in its queries: no score of 0, but none. */
class NoText extends UserError {}

/** What stands in the place of a score. */
export const noText = 'no text';

/** Lies among the results of a task that had no words, so that who waits for a score knows that none will come. */
export const noTextFile = 'no-text.json';

/** @throws NoText where no document of the task has words, or no query */
export function requireText(task: string, retriever: string, { corpus, queries }: RetrievalTask): void {
  const lacking =
    corpus.worded === 0 ? 'documents' : queries.every(({ text }) => isBlank(text)) ? 'queries' : undefined;
  if (lacking !== undefined && (corpus.pictured > 0 || queries.some(({ images }) => images)))
    throw new NoText(
      `${task} has ${noText} in its ${lacking}, which ${retriever} ranks by; score a model that reads images`,
    );
}

/** Undefined in the place of a score that there cannot be. @throws whatever else it was */
export function withoutText(error: unknown): undefined {
  if (!(error instanceof NoText)) throw error;
}
