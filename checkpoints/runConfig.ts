import { readFile } from 'node:fs/promises';
import YAML from 'yaml';
import { z } from 'zod';
import { schema } from '../configs/schema.js';
import { UserError } from '../configs/userError.js';
import { writeBeside } from './writeBeside.js';

const shape = z.strictObject({
  base: z.strictObject({ name: z.string(), folder: z.string(), weightsHash: z.string() }),
  recipe: z.string(),
  /** Training files, absolute paths. */
  data: z.array(z.string()),
  /** Rows of all training files together: a resumed run must find as many. */
  rows: z.number(),
  /** Updates of the whole run. */
  updates: z.number(),
  /** Folder of the adapter that training started from. */
  adapter: z.string().optional(),
  settings: schema,
});

/** All that a run was told, complete: what a resumed run goes on by and what a report states. */
export type RunRecord = z.output<typeof shape>;

/** Write a run's config.yaml. */
export function writeRunConfig(file: string, record: RunRecord): Promise<void> {
  return writeBeside(file, YAML.stringify(record));
}

/** Read a run's config.yaml. @throws UserError when it is missing or was changed into something that cannot be used */
export async function readRunConfig(file: string): Promise<RunRecord> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UserError(
      `${file} does not exist: this run stopped before its first save; start it again under another --run`,
    );
  });
  const result = shape.safeParse(YAML.parse(text));
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new UserError(`${file}: ${path.join('.')}: ${message}`);
}
