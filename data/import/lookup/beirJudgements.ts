import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../../configs/userError.js';
import { addJudgement, readJudgements, type Qrels } from '../../task/readQrels.js';

/** The judgements of a task in BEIR layout, gathered by query, in the order in which queries come first. */
export type Judged = Map<string, { line: number; relevant: string[]; other: string[] }>;

/** Files of a folder in BEIR layout that training data are made from. @throws UserError when one is missing */
export async function beirFiles(folder: string, split = 'train') {
  const inside = await readdir(folder).catch(() => [] as string[]);
  const find = (name: string) => {
    const found = ['', '.gz', '.zst'].map((end) => `${name}${end}`).find((file) => inside.includes(file));
    if (found === undefined) throw new UserError(`${folder} is no task in BEIR layout: it has no ${name}`);
    return join(folder, found);
  };
  const splits = (await readdir(join(folder, 'qrels')).catch(() => [] as string[])).filter((file) =>
    file.endsWith('.tsv'),
  );
  if (!splits.includes(`${split}.tsv`))
    throw new UserError(
      `${folder} has no qrels/${split}.tsv to train on; it has ${splits.sort().join(', ') || 'no qrels'}`,
    );
  return {
    collection: find('corpus.jsonl'),
    queries: find('queries.jsonl'),
    qrels: join(folder, 'qrels', `${split}.tsv`),
  };
}

/**
 * Gather judgements: what has a grade above 0 is relevant, what was judged and is not becomes a negative.
 * @param onReject  told of each line that cannot be used; of two grades of one document neither can
 */
export async function readJudged(
  qrels: string,
  onReject: (line: number, reason: string, content: string) => void,
): Promise<Judged> {
  const grades: Qrels = new Map();
  const lines = new Map<string, number>();
  const contradicted: [query: string, document: string][] = [];
  for await (const { line, judgement, content } of readJudgements([qrels])) {
    if (typeof judgement === 'string') onReject(line, judgement, content);
    else if (!addJudgement(grades, judgement)) {
      contradicted.push([judgement.query, judgement.document]);
      onReject(line, 'judges a document again, with another grade', content);
    } else if (!lines.has(judgement.query)) lines.set(judgement.query, line);
  }
  for (const [query, document] of contradicted) grades.get(query)!.delete(document);
  return new Map(
    [...grades].map(([query, found]) => {
      const ids = (isRelevant: boolean) => [...found].flatMap(([id, grade]) => (grade > 0 === isRelevant ? [id] : []));
      return [query, { line: lines.get(query)!, relevant: ids(true), other: ids(false) }];
    }),
  );
}
