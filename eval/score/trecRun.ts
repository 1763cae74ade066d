import { stageFile, type StagedFile } from '../../data/files/writeBeside.js';
import { UserError } from '../../configs/userError.js';
import { inTrecOrder, type Ranking, type Run } from '../measure/ranking.js';

/**
 * Write the lines `query Q0 document rank score tag` of a run, not yet under the file's own name: ranks from 1 in
 * trec_eval's order, scores with the nine digits that tell any two 32-bit floats apart.
 * @param tag  names the run; its white space becomes dashes
 * @throws UserError when an id holds white space, which the format cannot carry; Error when a score is not a number
 */
export function stageTrecRun(file: string, run: Run, tag: string): Promise<StagedFile> {
  return stageFile(file, async (handle) => {
    for (const [queryId, ranking] of run)
      await handle.appendFile(trecLines(queryId, ranking, tag.replace(/\s+/g, '-')));
  });
}

/** Check that a TREC run can hold an id. @throws UserError when it is empty or has white space */
export function requireTrecId(kind: 'query' | 'document', id: string): void {
  if (!/^\S+$/.test(id))
    throw new UserError(
      `the ${kind} id ${JSON.stringify(id)} must have no white space, which a run file cannot hold; rename it in the task`,
    );
}

function trecLines(queryId: string, ranking: Ranking, tag: string): string {
  requireTrecId('query', queryId);
  return inTrecOrder(ranking)
    .map(({ id, score }, index) => {
      requireTrecId('document', id);
      if (!Number.isFinite(score)) throw new Error(`score of document ${id} for query ${queryId} is ${score}`);
      return `${queryId} Q0 ${id} ${index + 1} ${Number(score.toPrecision(9))} ${tag}\n`;
    })
    .join('');
}
