import { stageFile, type StagedFile } from '../checkpoints/writeBeside.js';
import { UserError } from '../configs/userError.js';
import { readLines } from '../data/readLines.js';
import { inTrecOrder, type Ranking, type Run } from './ranking.js';

/** Write a run in TREC format, beside and renamed. @throws as `stageTrecRun` does */
export async function writeTrecRun(file: string, run: Run, tag: string): Promise<void> {
  await (await stageTrecRun(file, run, tag)).commit();
}

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

/**
 * Read a TREC run. Lines may stand in any order and the rank says nothing: rankings come back in trec_eval's order.
 * @throws UserError with file and line where a field is missing, a score is no number or a document repeats
 */
export async function readTrecRun(file: string): Promise<Run> {
  const rankings = new Map<string, { ranking: Ranking; seen: Set<string> }>();
  for await (const { line, text } of readLines(file)) {
    if (/^\s*(#|$)/.test(text)) continue;
    const place = `${file}:${line}`;
    const [queryId, , documentId, , score, tag] = text.trim().split(/\s+/);
    if (queryId === undefined || documentId === undefined || tag === undefined)
      throw new UserError(`${place} must hold query, Q0, document, rank, score and tag; got ${JSON.stringify(text)}`);
    if (!Number.isFinite(Number(score))) throw new UserError(`${place}: the score must be a number; got ${score}`);
    let query = rankings.get(queryId);
    if (!query) rankings.set(queryId, (query = { ranking: [], seen: new Set() }));
    if (query.seen.has(documentId))
      throw new UserError(`${place} names document ${documentId} a second time for query ${queryId}; remove one`);
    query.seen.add(documentId);
    query.ranking.push({ id: documentId, score: Number(score) });
  }
  return new Map([...rankings].map(([queryId, { ranking }]) => [queryId, inTrecOrder(ranking)]));
}

function trecLines(queryId: string, ranking: Ranking, tag: string): string {
  requireTrecId('query', queryId);
  return inTrecOrder(ranking)
    .map(({ id, score }, place) => {
      requireTrecId('document', id);
      if (!Number.isFinite(score)) throw new Error(`score of document ${id} for query ${queryId} is ${score}`);
      return `${queryId} Q0 ${id} ${place + 1} ${Number(score.toPrecision(9))} ${tag}\n`;
    })
    .join('');
}
