import { readFileSync } from 'node:fs';
import YAML from 'yaml';
import { z } from 'zod';
import { readLines } from '../../data/files/read/readLines.js';
import { findTaskFiles } from '../../data/task/taskFiles.js';
import { identityOfName, isSameTask } from '../../eval/tasks/identity.js';
import { publicTasks } from '../../eval/tasks/publicTasks.js';
import { requireTaskData, type Task } from '../../eval/tasks/task.js';
import { UserError } from '../../configs/userError.js';

/** What encoding a task takes. Tokens are those of a document on average, uncut. */
export interface TaskSize {
  queries: number;
  documents: number;
  tokens: number;
}

const schema = z.record(z.string(), z.strictObject({ queries: z.number(), documents: z.number(), tokens: z.number() }));

/** Tokens of a document where nothing is known of it: those of a passage of MS MARCO. */
const usualTokens = 80;

/**
 * The size of a task: of a public one as it is known, whether its data is here or not, of any other by counting lines.
 * @returns undefined where neither can be had
 */
export async function taskSize(task: Task): Promise<TaskSize | undefined> {
  const known = schema.parse(
    YAML.parse(readFileSync(new URL('../../configs/taskSizes.yaml', import.meta.url), 'utf8')),
  );
  const { set, part, split, titles } = task.identity;
  // Titles make no difference to the numbers.
  const whole = Object.entries(known).find(([name]) =>
    isSameTask(identityOfName(name, { titles }), { set, part: null, split, titles }),
  )?.[1];
  if (!whole) return counted(task);
  if (part === null) return whole;
  const parts = publicTasks.filter((each) => each.set === set && each.part !== null).length || 1;
  return { ...whole, queries: whole.queries / parts, documents: whole.documents / parts };
}

async function counted(task: Task): Promise<TaskSize | undefined> {
  try {
    requireTaskData(task);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
  const { queries, corpus } = findTaskFiles(task.folder, task.split);
  if ([...queries, ...corpus].some((file) => file.endsWith('.parquet'))) return undefined;
  return { queries: await lines(queries), documents: await lines(corpus), tokens: usualTokens };
}

async function lines(files: readonly string[]): Promise<number> {
  let count = 0;
  for (const file of files) for await (const _ of readLines(file)) count++;
  return count;
}
