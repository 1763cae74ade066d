import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { UserError } from '../userError.js';
import { namesIn } from './names.js';
import { readPlan } from './readPlan.js';
import { suggest } from './suggest.js';
import { homePath } from '../cli/homePath.js';
import { madeNames } from './madeNames.js';

const count = z.number().int().min(1);
const share = z.number().min(0).max(1);

const checks = z.strictObject({
  leastRows: count.default(1).describe('training rows below which nothing is trained'),
  mostRejected: share.default(0.05).describe('share of imported rows that may be unusable'),
  mostOverlap: share.default(0).describe('share of training rows that may ask what a query of the gate asks'),
});

const gate = z.strictObject({
  tasks: z.array(z.string()).min(1).describe('what challenger and champion are judged on'),
  tasksDir: z.string().optional().describe('folder of tasks, whose names `tasks` may then use'),
  metric: z.string().optional().describe('of all tasks; the first of each where left out'),
  rule: z
    .enum(['not-worse', 'better'])
    .describe(
      'not-worse: no task may have lost more than margin, as far as its interval tells; better: a gain is shown on one, a loss on none',
    ),
  margin: z.number().positive().optional().describe('loss that not-worse accepts, such as 0.01'),
  floors: z.record(z.string(), z.number()).default({}).describe('least mean of a task, whatever the champion has'),
});

const keep = z.strictObject({
  champions: count.default(3).describe('champions kept beside the one in use'),
  runs: z.number().int().min(0).default(5).describe('other runs kept'),
  days: z.number().positive().optional().describe('age at which other runs are removed, whatever their number'),
});

const schema = z.strictObject({
  about: z.string().default(''),
  base: z.string().describe('as --base of train takes it'),
  recipe: z.string().optional().describe("the base's own where left out"),
  set: z.array(z.string()).default([]).describe('overrides of the recipe, as path=value'),
  from: z
    .enum(['base', 'champion'])
    .default('base')
    .describe('what training starts from: a fresh adapter, or that of the champion'),
  data: z
    .enum(madeNames)
    .or(z.array(z.string()).min(1))
    .describe(
      'files, folders and patterns; what is no Arrow file is imported. Or what is made here: demonstration, demonstration-pages',
    ),
  checks: checks.prefault({}),
  gate,
  keep: keep.prefault({}),
  publish: z
    .enum(['adapter', 'merged', 'sentence-transformers'])
    .default('adapter')
    .describe('the form that a server loads; the adapter is always there'),
  schedule: z.string().optional().describe('when it is due, as the five fields of cron, in local time'),
  notify: z.string().optional().describe('command that gets the decision as JSON on its standard input'),
  metrics: z.string().optional().describe('file for the textfile collector of Prometheus'),
});

/** What a retraining is told: train on which data, judge on what, by which rule, and keep which of the two. */
export type RetrainingPlan = z.output<typeof schema> & {
  /** That of its file, and of its folder of champions. */
  name: string;
  file: string;
};
export type GateRule = z.output<typeof gate>;

/**
 * Read a plan.
 * @param plan  a name in configs/retraining/ or the path of a YAML file
 * @throws UserError naming the first thing in it that cannot be used
 */
export function loadRetraining(plan: string): RetrainingPlan {
  const file = planFile(plan);
  const stated = readPlan(file, schema, { gate, keep, checks });
  const name = basename(file).replace(/\.ya?ml$/, '');
  if (!/^[A-Za-z0-9][\w.-]{0,39}$/.test(name))
    throw new UserError(`${file}: the name of a plan must be up to 40 letters, digits, dots, dashes, underscores`);
  requireSense(file, stated);
  const { data } = stated;
  const isOurs = file !== plan; // its data lies in the checkout
  return { ...stated, ...(isOurs && Array.isArray(data) && { data: data.map(homePath) }), name, file };
}

function planFile(plan: string): string {
  if (/\.ya?ml$/.test(plan)) {
    if (!existsSync(plan)) throw new UserError(`retraining plan ${plan} does not exist`);
    return plan;
  }
  const known = namesIn('retraining');
  if (!known.includes(plan)) throw new UserError(`unknown retraining plan ${plan}; ${suggest(plan, known)}`);
  return fileURLToPath(new URL(`../retraining/${plan}.yaml`, import.meta.url));
}

/** Rules between settings. */
function requireSense(file: string, { gate, set }: z.output<typeof schema>): void {
  if (gate.rule === 'not-worse' && gate.margin === undefined)
    throw new UserError(`${file}: gate.margin is missing: not-worse needs the loss that it accepts, such as 0.01`);
  if (gate.rule === 'better' && gate.margin !== undefined)
    throw new UserError(`${file}: gate.margin has no effect with gate.rule better; remove it`);
  const stated = set.find((setting) => setting.startsWith('evaluation.tasks'));
  if (stated !== undefined)
    throw new UserError(`${file}: set names ${stated}, but the gate says what is scored; remove it`);
}
