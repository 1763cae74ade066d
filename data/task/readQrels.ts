import { UserError } from '../../configs/userError.js';
import { readLines } from '../files/read/readLines.js';
import { idText } from '../example/row/idText.js';
import { readRows } from './readRows.js';

/** Judgements: query id, document id, grade. */
export type Qrels = Map<string, Map<string, number>>;

export interface Judgement {
  query: string;
  document: string;
  grade: number;
}

/**
 * Read judgements: BEIR's three columns split by tabs, with or without a header, TREC's four (`query 0 document grade`),
 * or JSON lines or Parquet with the columns of CoIR or mteb. Negative grades are kept: they are not relevant.
 * @throws UserError naming the row that cannot be used, or says another grade than one before it
 */
export async function readQrels(files: readonly string[]): Promise<Qrels> {
  const qrels: Qrels = new Map();
  for await (const { judgement, location, content } of readJudgements(files)) {
    if (typeof judgement === 'string') throw new UserError(`${location} ${judgement}; got ${content}`);
    if (!addJudgement(qrels, judgement))
      throw new UserError(
        `${location} judges query ${judgement.query} and document ${judgement.document} again, with another grade; remove one of them`,
      );
  }
  if (qrels.size === 0)
    throw new UserError(`${files[0]} holds no judgements; a line is query, document and grade, split by tabs`);
  return qrels;
}

/** @returns false where the document has another grade for the query already, which then stays */
export function addJudgement(qrels: Qrels, { query, document, grade }: Judgement): boolean {
  const grades = qrels.get(query) ?? new Map<string, number>();
  if ((grades.get(document) ?? grade) !== grade) return false;
  qrels.set(query, grades.set(document, grade));
  return true;
}

/** The rows of judgement files one by one: each a judgement, or what it must be and is not. */
export async function* readJudgements(
  files: readonly string[],
): AsyncGenerator<{ judgement: Judgement | string; location: string; line: number; content: string }> {
  for (const file of files)
    if (/\.(jsonl|parquet)$/.test(file)) {
      let line = 0;
      for await (const { location, columns } of readRows([file], [])) {
        const row = columns();
        yield {
          judgement: tableJudgement(row),
          location,
          line: ++line,
          content: `the columns ${Object.keys(row).join(', ')}`,
        };
      }
    } else
      for await (const { line, text } of readLines(file)) {
        if (text.trim() === '' || (line === 1 && HEADER.test(text))) continue;
        yield { judgement: textJudgement(text), location: `${file}:${line}`, line, content: text };
      }
}

/** `query-id corpus-id score`, in the spellings that BEIR and CoIR use. */
const HEADER = /^query[-_]id\tcorpus[-_]id\tscore\s*$/;

/** Three cells split by tabs are BEIR's whatever blanks they hold: ids may have some. */
function textJudgement(line: string): Judgement | string {
  const tabbed = line.split('\t');
  const blanks = line.trim().split(/\s+/);
  const [query, document, score] =
    tabbed.length === 3 ? tabbed : blanks.length === 4 ? [blanks[0], blanks[2], blanks[3]] : [];
  const grade = gradeOf(score?.trim());
  if (!query || !document || grade === null)
    return 'must hold query id, document id and a whole grade, split by tabs, or the four columns of TREC';
  return { query, document, grade };
}

function tableJudgement(row: Record<string, unknown>): Judgement | string {
  const query = idText(row['query-id'] ?? row['query_id']);
  const document = idText(row['corpus-id'] ?? row['corpus_id']);
  const grade = gradeOf(row['score']);
  if (query === null || document === null || grade === null) return 'must have query-id, corpus-id and a whole score';
  return { query, document, grade };
}

/** Null for what is no whole number written in digits. */
function gradeOf(value: unknown): number | null {
  if (typeof value === 'string' && !/^[+-]?\d+(\.0*)?$/.test(value)) return null;
  const grade =
    typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string' ? Number(value) : NaN;
  return Number.isSafeInteger(grade) ? grade : null;
}
