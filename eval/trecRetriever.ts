import { createHash } from 'node:crypto';
import { UserError } from '../configs/userError.js';
import { readLines } from '../data/readLines.js';
import { inTrecOrder, type Retriever, type Run } from './ranking.js';

/**
 * A run file of any tool as a retriever: what it ranked for the task's queries.
 * @throws UserError when the file cannot be read or a line is none of a TREC run
 */
export async function trecRetriever(file: string): Promise<Retriever> {
  const run = await readTrecRun(file);
  const hash = createHash('sha256')
    .update(JSON.stringify([...run]))
    .digest('hex');
  return {
    name: `trec:${file}`,
    identity: `trec ${hash}`,
    async retrieve({ queries }, depth, onProgress = () => {}) {
      onProgress(queries.length, queries.length);
      return new Map(queries.map(({ id }) => [id, (run.get(id) ?? []).slice(0, depth)]));
    },
  };
}

/**
 * Read a run in TREC's format, `query Q0 document rank score tag`. As trec_eval does, the rank is not heeded.
 * @returns each query's documents, highest score first
 * @throws UserError naming the line that is of another form, ranks a document twice, or has a score that is no number
 */
export async function readTrecRun(file: string): Promise<Run> {
  const run: Map<string, Map<string, number>> = new Map();
  for await (const { line, text } of readLines(file)) {
    if (text.trim() === '') continue;
    const [query, , id, , score, ...rest] = text.trim().split(/\s+/);
    const place = `${file}:${line}`;
    if (score === undefined || rest.length > 1)
      throw new UserError(`${place} must hold query, Q0, document, rank, score and tag; got ${text}`);
    const value = Number(score);
    if (!Number.isFinite(value)) throw new UserError(`${place}: the score must be a number; got ${score}`);
    const ranking = run.get(query!) ?? new Map<string, number>();
    if (ranking.has(id!)) throw new UserError(`${place} ranks document ${id} for query ${query} a second time`);
    run.set(query!, ranking.set(id!, value));
  }
  if (run.size === 0) throw new UserError(`${file} holds no rankings`);
  return new Map(
    [...run].map(([query, ranking]) => [query, inTrecOrder([...ranking].map(([id, score]) => ({ id, score })))]),
  );
}
