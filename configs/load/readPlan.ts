import type { z } from 'zod';
import { UserError } from '../userError.js';
import { pathOf } from './pathOf.js';
import { openYaml } from './readYaml.js';
import { suggest } from './suggest.js';

/**
 * Read a file of settings that has a schema of its own.
 * @param groups  schemas of those settings that hold others
 * @throws UserError naming the first thing in it that cannot be used, and where it stands
 */
export function readPlan<S extends z.ZodObject>(
  file: string,
  schema: S,
  groups: Record<string, z.ZodObject>,
): z.output<S> {
  const { value: raw, placeOf } = openYaml(file);
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const known = groups[String(issue.path[0])] ?? schema;
  throw new UserError(`${placeOf(pathOf(issue))}: ${explain(issue, raw, Object.keys(known.shape))}`);
}

function explain(issue: z.core.$ZodIssue, raw: unknown, known: readonly string[]): string {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const name = [...path, issue.keys[0]!].join('.');
    return `unknown setting ${name}; ${suggest(issue.keys[0]!, known)}`;
  }
  if (path.length === 0) return 'must hold settings as name: value';
  const got = path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], raw);
  return got === undefined
    ? `${path.join('.')} is missing`
    : `${path.join('.')}: ${issue.message}; got ${JSON.stringify(got)}`;
}
