import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { namesIn } from './names.js';
import { readPlan } from './readPlan.js';
import { suggest } from './suggest.js';
import { UserError } from '../userError.js';
import { homePath } from '../cli/homePath.js';
import { madeNames } from './madeNames.js';

const word = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,39}$/, 'must be up to 40 letters, digits, dots, dashes, underscores');
const count = z.number().int().min(1);

/** A base that is made before the study: one of those here, pretrained further on one kind of text. */
const made = z.strictObject({
  name: word,
  from: z.string(),
  /** Kind of the demonstration's text. */
  text: z.enum(['general', 'code', 'maths']),
  updates: count,
  warmupSteps: z.number().int().min(0).default(5),
  learningRate: z.number().positive(),
  seed: z.number().int().min(0).default(1),
});

const setting = z.strictObject({
  name: word,
  recipe: z.string(),
  /** False: nothing is trained, the bases are scored as they are under the recipe's contract. */
  trained: z.boolean().default(true),
  /** The bases that it is for; all where left out. */
  bases: z.array(z.string()).min(1).optional(),
});

const schema = z.strictObject({
  name: word,
  about: z.string().default(''),
  bases: z.array(z.string()).min(1),
  made: z.array(made).default([]),
  settings: z.array(setting).min(1),
  /** Arrow files of training examples, relative to the folder that the study is started in, or data that is made here. */
  data: z.enum(madeNames).or(z.array(z.string()).min(1)).optional(),
  /** Rows of the data, so that a plan can be made before the files are there. */
  rows: count.optional(),
  tasks: z.array(z.string()).min(1),
  tasksDir: z.string().optional(),
  seeds: z.array(z.number().int().min(0)).min(1).default([42]),
  /** Settings of training that override the recipes, as path=value. */
  set: z.array(z.string()).default([]),
  /** The base that the others are tested against; the first where left out. */
  baseline: z.string().optional(),
  bm25: z.boolean().default(true),
  /** Figures of others to show beside, as compare --published takes them. */
  published: z.array(z.string()).default([]),
});

/** What a study is told: which bases are compared, in which settings, on what. */
export type Study = z.output<typeof schema>;
export type MadeBase = z.output<typeof made>;
export type StudySetting = z.output<typeof setting>;

/**
 * Read the manifest of a study.
 * @param study  a name in configs/studies/ or the path of a YAML file
 * @throws UserError naming the first thing in it that cannot be used
 */
export function loadStudy(study: string): Study {
  const file = studyFile(study);
  const stated = readPlan(file, schema, { made, settings: setting });
  requireSense(file, stated);
  const { data } = stated;
  const isOurs = file !== study; // its data lies in the checkout
  return { ...stated, ...(isOurs && Array.isArray(data) && { data: data.map(homePath) }) };
}

function studyFile(study: string): string {
  if (/\.ya?ml$/.test(study)) {
    if (!existsSync(study)) throw new UserError(`study file ${study} does not exist`);
    return study;
  }
  const known = namesIn('studies');
  if (!known.includes(study)) throw new UserError(`unknown study ${study}; ${suggest(study, known)}`);
  return fileURLToPath(new URL(`../studies/${study}.yaml`, import.meta.url));
}

/** Rules between settings. */
function requireSense(file: string, { bases, made, settings, data, seeds, baseline, set }: Study): void {
  const lists = {
    bases,
    seeds,
    'made names': made.map(({ name }) => name),
    'setting names': settings.map(({ name }) => name),
  };
  for (const [what, list] of Object.entries(lists)) {
    const twice = list.find((item, index) => list.indexOf(item as never) < index);
    if (twice !== undefined) throw new UserError(`${file}: ${what} must differ; got ${twice} twice`);
  }
  const named = [...settings.flatMap((one) => one.bases ?? []), ...(baseline === undefined ? [] : [baseline])];
  const stray = named.find((name) => !bases.includes(name));
  if (stray !== undefined) throw new UserError(`${file}: ${stray} is none of its bases; ${suggest(stray, bases)}`);
  const unused = made.find(({ name }) => !bases.includes(name));
  if (unused) throw new UserError(`${file}: ${unused.name} is made but none of the bases; add it there or remove it`);
  const taken = made.find(({ name }) => namesIn('bases').includes(name));
  if (taken)
    throw new UserError(`${file}: made base ${taken.name} has the name of one in configs/bases/; take another`);
  const early = made.find(({ updates, warmupSteps }) => warmupSteps >= updates);
  if (early)
    throw new UserError(`${file}: made base ${early.name}: warmupSteps must be below its ${early.updates} updates`);
  const trains = settings.some(({ trained }) => trained);
  if (trains && data === undefined) throw new UserError(`${file}: data is missing: name Arrow files to train on`);
  const idle = !trains && (data !== undefined ? 'data' : set.length > 0 ? 'set' : undefined);
  if (idle) throw new UserError(`${file}: ${idle} has no effect where no setting is trained; remove it`);
}
