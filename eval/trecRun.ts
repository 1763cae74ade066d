import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../configs/userError.js';
import { inTrecOrder, type Run } from './ranking.js';

/**
 * Write a run as TREC lines `query Q0 document rank score tag`, ranks from 1 in trec_eval's order. Scores get the nine
 * digits that tell any two 32-bit floats apart. Written beside and renamed.
 * @throws UserError when an id holds white space, which the format cannot carry; Error when a score is not a number
 */
export async function writeTrecRun(file: string, run: Run, tag: string): Promise<void> {
  const partial = `${file}.partial-${process.pid}`;
  try {
    await pipeline(Readable.from(trecLines(run, tag.replace(/\s+/g, '-'))), createWriteStream(partial));
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}

/**
 * Read a TREC run. Lines may stand in any order and ranks say nothing: rankings come back in trec_eval's order.
 * @throws UserError with file and line where a field is missing, a score is no number or a document repeats
 */
export async function readTrecRun(file: string): Promise<Run> {
  const documents = new Map<string, Map<string, number>>();
  let lineNumber = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    lineNumber++;
    if (/^\s*(#|$)/.test(line)) continue;
    const place = `${file}:${lineNumber}`;
    const [queryId, , documentId, , score, tag] = line.trim().split(/\s+/);
    if (queryId === undefined || documentId === undefined || score === undefined || tag === undefined)
      throw new UserError(`${place}: a run line has six fields, query Q0 document rank score tag; got ${line.trim()}`);
    if (!Number.isFinite(Number(score))) throw new UserError(`${place}: a score must be a number; got ${score}`);
    let ranking = documents.get(queryId);
    if (!ranking) documents.set(queryId, (ranking = new Map()));
    if (ranking.has(documentId))
      throw new UserError(`${place}: document ${documentId} stands twice under query ${queryId}; remove one`);
    ranking.set(documentId, Number(score));
  }
  const inOrder = (ranking: Map<string, number>) => inTrecOrder([...ranking].map(([id, score]) => ({ id, score })));
  return new Map([...documents].map(([queryId, ranking]) => [queryId, inOrder(ranking)]));
}

/** @throws UserError on the first id that holds white space or is empty */
export function requireTrecId(kind: 'query' | 'document', id: string): void {
  if (!/^\S+$/.test(id))
    throw new UserError(`a ${kind} id must have no white space, so that a TREC run can hold it; got ${JSON.stringify(id)}`);
}

function* trecLines(run: Run, tag: string): Generator<string> {
  for (const [queryId, ranking] of run) {
    requireTrecId('query', queryId);
    let lines = '';
    inTrecOrder(ranking).forEach(({ id, score }, place) => {
      requireTrecId('document', id);
      if (!Number.isFinite(score)) throw new Error(`score of document ${id} for query ${queryId} is ${score}`);
      lines += `${queryId} Q0 ${id} ${place + 1} ${Number(score.toPrecision(9))} ${tag}\n`;
    });
    yield lines;
  }
}
