import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../../configs/userError.js';
import { readLines } from '../../files/readLines.js';

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
 * @param onReject  told of each line that cannot be used
 */
export async function readJudged(
  qrels: string,
  onReject: (line: number, reason: string, content: string) => void,
): Promise<Judged> {
  const judged: Judged = new Map();
  for await (const { line, text } of readLines(qrels)) {
    if (text.trim() === '' || (line === 1 && HEADER.test(text))) continue;
    const cells = text.split('\t');
    const grade = Number(cells[2]);
    if (cells.length !== 3 || cells[2]!.trim() === '' || !Number.isInteger(grade)) {
      onReject(line, 'not query id, document id and a whole grade split by tabs', text);
      continue;
    }
    const entry = judged.get(cells[0]!) ?? { line, relevant: [], other: [] };
    (grade > 0 ? entry.relevant : entry.other).push(cells[1]!);
    judged.set(cells[0]!, entry);
  }
  return judged;
}

/** `query-id corpus-id score`, in the spellings that BEIR and CoIR use. */
const HEADER = /^query[-_]id\tcorpus[-_]id\tscore\s*$/;
