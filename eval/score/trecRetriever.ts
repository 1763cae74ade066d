import { createHash } from 'node:crypto';
import { UserError } from '../../configs/userError.js';
import { readLines } from '../../data/files/read/readLines.js';
import { createIdTable } from '../../data/task/idTable.js';
import { lazyRun, packedRun } from '../measure/packedRun.js';
import { inTrecOrder, type Retriever, type Run } from '../measure/ranking.js';

/**
 * A run file of any tool as a retriever: what it ranked for the task's queries.
 * @throws UserError when the file cannot be read or a line is none of a TREC run
 */
export async function trecRetriever(file: string): Promise<Retriever> {
  const run = await readTrecRun(file);
  return {
    name: `trec:${file}`,
    identity: `trec ${hashOf(run)}`,
    async retrieve({ queries }, depth, onProgress = () => {}) {
      onProgress(queries.length, queries.length);
      return lazyRun(new Set(queries.map(({ id }) => id)), (queryId) => (run.get(queryId) ?? []).slice(0, depth));
    },
  };
}

/**
 * Read a run in TREC's format, `query Q0 document rank score tag`. As trec_eval does, the rank is not heeded.
 * @returns each query's documents, highest score first
 * @throws UserError naming the line that is of another form, ranks a document twice, or has a score that is no number
 */
export async function readTrecRun(file: string): Promise<Run> {
  const ids = createIdTable();
  const found = new Map<string, { rows: number[]; scores: number[]; lines: number[] }>();
  for await (const { line, text } of readLines(file)) {
    if (text.trim() === '') continue;
    const [query, , id, , score, ...rest] = text.trim().split(/\s+/);
    const place = `${file}:${line}`;
    if (score === undefined || rest.length > 1)
      throw new UserError(`${place} must hold query, Q0, document, rank, score and tag; got ${text}`);
    const value = Number(score);
    if (!Number.isFinite(value)) throw new UserError(`${place}: the score must be a number; got ${score}`);
    ids.add(id!);
    let ranked = found.get(query!);
    if (!ranked) found.set(query!, (ranked = { rows: [], scores: [], lines: [] }));
    ranked.rows.push(ids.rowOf(id!));
    ranked.scores.push(value);
    ranked.lines.push(line);
  }
  if (found.size === 0) throw new UserError(`${file} holds no rankings`);
  const run = packedRun(ids);
  for (const [query, { rows, scores, lines }] of found) {
    const twice = firstRepeated(rows);
    if (twice >= 0)
      throw new UserError(
        `${file}:${lines[twice]} ranks document ${ids.get(rows[twice]!)} for query ${query} a second time`,
      );
    run.add(query, inTrecOrder(rows.map((row, index) => ({ row, id: ids.get(row), score: scores[index]! }))));
    found.delete(query);
  }
  return run;
}

/** @returns the place of the first that stood before; -1 where none did */
function firstRepeated(rows: readonly number[]): number {
  const seen = new Set<number>();
  return rows.findIndex((row) => seen.size === seen.add(row).size);
}

/** SHA-256, hexadecimal, of the rankings as JSON, a query at a time: the text of all can be longer than a string may be. */
function hashOf(run: Run): string {
  const hash = createHash('sha256');
  let before = '[';
  for (const entry of run) {
    hash.update(before).update(JSON.stringify(entry));
    before = ',';
  }
  return hash.update(']').digest('hex');
}
