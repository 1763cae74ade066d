import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import YAML from 'yaml';
import { z } from 'zod';
import { parseYaml } from '../../configs/load/readYaml.js';
import { schema } from '../../configs/schema.js';
import { UserError } from '../../configs/userError.js';
import { writeBeside } from '../../data/files/writeBeside.js';

const shape = z.strictObject({
  base: z.strictObject({
    name: z.string(),
    folder: z.string(),
    weightsHash: z.string(),
    /** Where the files came from, when they did not lie in a folder of the user's. */
    hub: z.strictObject({ id: z.string(), commit: z.string() }).optional(),
  }),
  /** Prompts of the base that its settings took over. */
  prompts: z.strictObject({ query: z.string().optional(), passage: z.string().optional() }).optional(),
  recipe: z.string(),
  /** What computed its first update, in words; runs of older versions do not say. */
  engine: z.string().optional(),
  /** Training files, absolute paths. */
  data: z.array(z.string()),
  /** How often the rows of each file come in an epoch; once where absent. */
  weights: z.array(z.number().positive()).optional(),
  /** What each file held, as `fileIdentity` tells it: a resumed run must find the same. */
  identities: z.array(z.string()).optional(),
  /** Rows of an epoch. */
  rows: z.number(),
  /** Updates of the whole run. */
  updates: z.number(),
  /** Folder of the adapter that training started from. */
  adapter: z.string().optional(),
  /** What it held, as `adapterHash` tells it; runs of older versions do not say. */
  adapterHash: z.string().optional(),
  /** Fields of the contract in which that adapter was let differ. */
  allowContract: z.array(z.string()).optional(),
  settings: schema,
});

/** All that a run was told, complete: what a resumed run goes on by and what a report states. */
export type RunRecord = z.output<typeof shape>;

/** Write a run's config.yaml, with a hash at its end so that an edited one is noticed. */
export function writeRunConfig(file: string, record: RunRecord): Promise<void> {
  return writeBeside(file, YAML.stringify({ ...record, hash: hashOf(record) }));
}

/** Read a run's config.yaml. @throws UserError when it is missing, damaged, or not as it was written */
export async function readRunConfig(file: string): Promise<RunRecord> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw new UserError(`cannot read ${file}: ${error.message}`);
    throw new UserError(
      `${file} does not exist: this run stopped before its first save; start it again under another --run`,
    );
  });
  const { hash, ...content } = parse(file, text);
  if (hash !== hashOf(content))
    throw new UserError(
      `${file} was changed by hand: its hash is not that of its settings; put it back, or start a new run with --set`,
    );
  const result = shape.safeParse(content);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new UserError(`${file}: ${path.join('.')}: ${message}`);
}

function parse(file: string, text: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = parseYaml(text, `${file} is damaged`);
  } catch (error) {
    throw new UserError(`${(error as Error).message}; put it back, or start a new run`);
  }
  if (typeof content === 'object' && content !== null && !Array.isArray(content))
    return content as Record<string, unknown>;
  throw new UserError(`${file} is damaged: it must hold name: value; put it back, or start a new run`);
}

/** SHA-256 of all settings, whatever their order. */
const hashOf = (content: object): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(content)))
    .digest('hex');

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}
