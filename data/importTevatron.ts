import { rm, stat } from 'node:fs/promises';
import { UserError } from '../configs/userError.js';
import { createExampleWriter } from './arrow/writeExamples.js';
import { parseTevatron } from './parseTevatron.js';
import { readLines } from './readLines.js';
import { collectRejects, type Rejected } from './rejects.js';

export interface ImportSummary {
  output: string;
  rows: number;
  /** Rows that need mining before they can train. */
  rowsWithoutNegatives: number;
  rejected: Rejected[];
  /** Where each row left out is listed, null when there is none. */
  rejectsFile: string | null;
}

/**
 * Bring training data of Tevatron's inline format, plain JSONL or .gz, into one Arrow file; memory does not grow with
 * the data. Rows that cannot be used are listed in `<output>.rejects.jsonl`.
 * @param options.limitRejects  more rejected rows than this end the import; without it there is no limit
 * @param options.onBytes       told how many bytes of input have been read so far
 * @throws UserError when too many rows are rejected or none is left; an older output stays as it was
 */
export async function importTevatron(
  files: string[],
  output: string,
  options: { limitRejects?: number | undefined; onBytes?: (bytes: number) => void } = {},
): Promise<ImportSummary> {
  const limit = options.limitRejects ?? Infinity;
  const writer = await createExampleWriter(output, { metadata: { source: files.join(', ') } });
  const rejects = collectRejects(`${output}.rejects.jsonl`);
  let usable = 0;
  let rowsWithoutNegatives = 0;
  let bytesBefore = 0;
  try {
    for (const file of files) {
      for await (const { line, text } of readLines(file, (bytes) => options.onBytes?.(bytesBefore + bytes))) {
        if (text.trim() === '') continue;
        const parsed = parseTevatron(text);
        if (typeof parsed !== 'string') {
          usable++;
          if (parsed.negatives.length === 0) rowsWithoutNegatives++;
          await writer.write(parsed);
        } else if ((await rejects.add(file, line, parsed, text)) > limit)
          throw new UserError(
            `${file}:${line} cannot be used (${parsed}), more than the ${limit} rows allowed by --limit-rejects; ` +
              `${rejects.path} lists them`,
          );
      }
      bytesBefore += await totalBytes([file]);
    }
    if (usable === 0) throw nothingUsable(files, rejects.rejected());
    const { rows } = await writer.close();
    const rejectsFile = await rejects.close();
    if (rejectsFile === null) await rm(rejects.path, { force: true }); // what an earlier import left is out of date
    return { output, rows, rowsWithoutNegatives, rejected: rejects.rejected(), rejectsFile };
  } catch (error) {
    await writer.abort();
    await rejects.close();
    throw error;
  }
}

/** Size of all files together. @throws UserError when one is missing */
export async function totalBytes(files: string[]): Promise<number> {
  let bytes = 0;
  for (const file of files) {
    const found = await stat(file).catch(() => {
      throw new UserError(`cannot read ${file}: it does not exist`);
    });
    bytes += found.size;
  }
  return bytes;
}

function nothingUsable(files: string[], [commonest]: Rejected[]): UserError {
  const why = commonest ? `every row is left out, the first, ${commonest.first}, for: ${commonest.reason}` : 'no rows';
  return new UserError(`${files.join(', ')} cannot be imported: ${why}; the format is Tevatron's inline JSONL`);
}
