import { imagesPath } from '../arrow/images/imageSchema.js';
import type { ImportSummary } from './importExamples.js';
import type { Recognised } from './source/recogniseFormat.js';

/** What the sources were taken for, and why, as text for people. @param from  where a stopped import goes on */
export function formatSources(sources: Recognised[], from: { path: string; line: number } | null): string {
  const lines = sources.map(({ path, format, evidence }) => `${path}: ${format} (${evidence})`);
  if (from !== null) lines.push(`going on with ${from.path} after its line ${from.line}`);
  return lines.join('\n');
}

/** An import as text for people. */
export function formatSummary({
  output,
  rows,
  rowsWithoutNegatives,
  rejected,
  rejectsFile,
  images,
}: ImportSummary): string {
  const lines = [`${output}: ${rows} rows`];
  if (images !== undefined) lines.push(`  ${imagesPath(output)}: ${images} distinct images`);
  if (rowsWithoutNegatives > 0)
    lines.push(`  ${rowsWithoutNegatives} of them have no negatives; \`npm run data -- mine\` finds some`);
  for (const { reason, rows: count, first } of rejected)
    lines.push(`  left out: ${count} rows, ${reason} (first: ${first})`);
  if (rejectsFile !== null) lines.push(`  ${rejectsFile} lists the rows left out`);
  return lines.join('\n');
}
