import type { z } from 'zod';

/** The names under which what an issue is about stands, that of an unknown setting included. */
export function pathOf(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.map(String);
  return issue.code === 'unrecognized_keys' ? [...path, issue.keys[0]!] : path;
}
