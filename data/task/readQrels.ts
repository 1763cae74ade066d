import { UserError } from '../../configs/userError.js';
import { readLines } from '../files/readLines.js';
import { readRows } from './readRows.js';

/** Judgements: query id, document id, grade. */
export type Qrels = Map<string, Map<string, number>>;

/**
 * Read judgements: BEIR's three columns split by tabs, with or without a header, TREC's four (`query 0 document grade`),
 * or JSON lines or Parquet with the columns of CoIR or mteb. Negative grades are kept: they are not relevant.
 * @throws UserError naming the row that cannot be used, or says another grade than one before it
 */
export async function readQrels(files: readonly string[]): Promise<Qrels> {
  const qrels: Qrels = new Map();
  for await (const { query, document, grade, place } of judgements(files)) {
    const grades = qrels.get(query) ?? new Map<string, number>();
    if ((grades.get(document) ?? grade) !== grade)
      throw new UserError(`${place} judges query ${query} and document ${document} again, with another grade`);
    qrels.set(query, grades.set(document, grade));
  }
  if (qrels.size === 0) throw new UserError(`${files[0]} holds no judgements`);
  return qrels;
}

interface Judgement {
  query: string;
  document: string;
  grade: number;
  place: string;
}

async function* judgements(files: readonly string[]): AsyncGenerator<Judgement> {
  for (const file of files) yield* /\.(jsonl|parquet)$/.test(file) ? tableJudgements(file) : textJudgements(file);
}

async function* textJudgements(file: string): AsyncGenerator<Judgement> {
  for await (const { line, text } of readLines(file)) {
    if (text.trim() === '' || (line === 1 && headers.test(text))) continue;
    const place = `${file}:${line}`;
    const tabbed = text.split('\t');
    const blanks = text.trim().split(/\s+/);
    const [query, document, score] =
      blanks.length === 4 ? [blanks[0]!, blanks[2]!, blanks[3]!] : tabbed.length === 3 ? tabbed : [];
    const grade = Number(score);
    if (score === undefined || score.trim() === '' || !Number.isInteger(grade))
      throw new UserError(
        `${place} must hold query id, document id and a whole grade, split by tabs, or the four columns of TREC; got ${text}`,
      );
    yield { query: query!, document: document!, grade, place };
  }
}

/** `query-id corpus-id score`, in the spellings that BEIR and CoIR use. */
const headers = /^query[-_]id\tcorpus[-_]id\tscore\s*$/;

async function* tableJudgements(file: string): AsyncGenerator<Judgement> {
  for await (const { place, columns } of readRows([file], [])) {
    const row = columns();
    const query = row['query-id'] ?? row['query_id'];
    const document = row['corpus-id'] ?? row['corpus_id'];
    const grade = Number(row['score']);
    if (query === undefined || document === undefined || row['score'] == null || !Number.isInteger(grade))
      throw new UserError(
        `${place} must have query-id, corpus-id and a whole score; it has ${Object.keys(row).join(', ')}`,
      );
    yield { query: String(query), document: String(document), grade, place };
  }
}
