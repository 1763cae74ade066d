import { UserError } from '../../configs/userError.js';
import type { ExampleFile } from '../arrow/openExamples.js';
import { requireUsableRows } from '../arrow/rowFacts.js';

/**
 * Check before training that every row can be used and has a negative, where it is to bring any.
 * @param wanted  negatives that a row brings into a pool; one that has fewer brings some more than once
 * @returns what is not as asked and still can be trained
 * @throws UserError when a row cannot be used or lacks negatives
 */
export async function requirePassages(files: readonly ExampleFile[], wanted: number): Promise<string[]> {
  const warnings: string[] = [];
  for (const file of files) {
    const { negatives } = await requireUsableRows(file);
    if (wanted === 0) continue;
    const told = (from: number, below: number) => {
      const found = negatives.filter(({ count }) => count >= from && count < below);
      const rows = found.reduce((sum, { rows }) => sum + rows, 0);
      const first = Math.min(...found.map(({ first }) => first));
      return rows === 0 ? undefined : `${file.path}: ${rows} of ${file.rows} rows, the first is row ${first},`;
    };
    const without = told(0, 1);
    if (without !== undefined)
      throw new UserError(`${without} have no negatives; \`npm run data -- mine\` finds some for every query`);
    const few = told(1, wanted);
    if (few !== undefined)
      warnings.push(`${few} have fewer than ${wanted} negatives: theirs come more than once in a pool`);
  }
  return warnings;
}
