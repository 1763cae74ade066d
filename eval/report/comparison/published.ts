import { existsSync, readFileSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { openYaml } from '../../../configs/load/readYaml.js';
import { suggest } from '../../../configs/load/suggest.js';
import { UserError } from '../../../configs/userError.js';
import { readCsv, type CsvRow } from '../page/csv.js';
import type { Curve } from './comparison.js';
import { identityOfName, isSameTask, taskIdentity, type TaskIdentity } from '../../tasks/identity.js';
import { findPublic } from '../../tasks/publicTasks.js';

/** Metrics of one task. */
interface PublishedResult {
  task: TaskIdentity;
  metrics: Record<string, number>;
}

/** A model whose figures others published: means alone, so nothing is tested. */
export interface PublishedModel {
  name: string;
  about: string;
  results: PublishedResult[];
}

export interface Published {
  models: PublishedModel[];
  /** For people: what could not be read. */
  notes?: string[];
  curves: Omit<Curve, 'model' | 'isPublished'>[];
}

const value = z.number().min(0).max(1);
const ownShape = z.strictObject({
  title: z.string(),
  source: z.string(),
  models: z.record(
    z.string(),
    z.strictObject({ about: z.string().default(''), results: z.record(z.string(), z.record(z.string(), value)) }),
  ),
});
const anseriniShape = z.looseObject({
  corpus: z.string(),
  topics: z.array(z.looseObject({ id: z.string() })),
  models: z.array(
    z.looseObject({ name: z.string(), display: z.string().optional(), results: z.record(z.string(), z.array(value)) }),
  ),
});
const mtebShape = z.looseObject({
  task_name: z.string(),
  scores: z.record(z.string(), z.array(z.looseObject({ hf_subset: z.string() }))),
});

/**
 * Read figures that others published: a name in configs/published/; a YAML file of that form or of Anserini's
 * regressions; a CSV file with columns model, task, metric, value, or with columns model (or base), step, loss for
 * training curves; a folder of MTEB results, of one model or of several.
 * @throws UserError when it is none of these
 */
export async function readPublished(name: string): Promise<Published> {
  const shipped = fileURLToPath(new URL(`../../../configs/published/${name}.yaml`, import.meta.url));
  if (/^[\w-]+$/.test(name) && existsSync(shipped)) return { models: readModels(shipped), curves: [] };
  if (!existsSync(name)) {
    const known = (await readdir(new URL('../../../configs/published/', import.meta.url))).map((file) =>
      file.replace(/\.yaml$/, ''),
    );
    throw new UserError(
      `--published ${name} is no file, folder or name in configs/published/; ${suggest(name, known)}`,
    );
  }
  if (statSync(name).isDirectory()) return readMteb(name);
  if (/\.ya?ml$/.test(name)) return { models: readModels(name), curves: [] };
  if (name.endsWith('.csv')) return readTable(name);
  throw new UserError(`--published ${name} must be a .yaml or .csv file, or a folder of MTEB results`);
}

function readModels(file: string): PublishedModel[] {
  const { value: content, placeOf } = openYaml(file);
  const regression = anseriniShape.safeParse(content);
  if (regression.success) return anseriniModels(regression.data);
  const figures = ownShape.safeParse(content);
  if (!figures.success) {
    const { path, message } = figures.error.issues[0]!;
    throw new UserError(
      `${placeOf(path)}: ${path.join('.') || 'the file'}: ${message}; configs/published/study.yaml is an example`,
    );
  }
  const { title, source, models } = figures.data;
  return Object.entries(models).map(([name, { about, results }]) => ({
    name,
    about: `${about ? `${about}; ` : ''}${title}: ${source}`,
    results: Object.entries(results).map(([task, metrics]) => ({ task: identityOfName(task), metrics })),
  }));
}

/** Source: the regressions under src/main/resources of Anserini: a list of values for each metric, one a set of topics. */
function anseriniModels({ corpus, topics, models }: z.output<typeof anseriniShape>): PublishedModel[] {
  const set = corpus.replace(/^beir-v[\d.]+-/, '').replace(/\.[\w-]+$|-(flat|multifield|wp)$/, '');
  const metricNames: Record<string, string> = { ndcg: 'ndcg', r: 'recall', rr: 'mrr', ap: 'map', map: 'map' };
  return models.map(({ name, display, results }) => {
    const found = topics.map(({ id }, index): PublishedResult => {
      const metrics = Object.entries(results).flatMap(([metric, values]) => {
        const [kind, depth] = metric.toLowerCase().split('@');
        const named = metricNames[kind!];
        return named && depth && values[index] !== undefined ? [[`${named}@${depth}`, values[index]] as const] : [];
      });
      return { task: identityOfName(set, { split: id }), metrics: Object.fromEntries(metrics) };
    });
    return { name: `${display ?? name} (Anserini)`, about: `Anserini regression ${corpus}`, results: found };
  });
}

/** Of thousands of files one may be cut short: the others are shown, and that one is named. */
async function readMteb(folder: string): Promise<Published> {
  const notes: string[] = [];
  const models = new Map<string, PublishedModel>();
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.json')).sort();
  for (const file of files) {
    const path = join(folder, file);
    const content = parseJson(await readFile(path, 'utf8'));
    if (content === undefined) notes.push(`${path} is no JSON, perhaps cut short, and left out`);
    const parsed = mtebShape.safeParse(content);
    if (!parsed.success) continue; // model_meta.json lies beside
    const home = dirname(path);
    const name = mtebModelName(home);
    const model = models.get(name) ?? { name, about: `MTEB results, ${basename(home)}`, results: [] };
    model.results.push(...mtebResults(parsed.data));
    models.set(name, model);
  }
  if (models.size === 0) throw new UserError(`--published ${folder} holds no MTEB result files (task_name and scores)`);
  return { models: [...models.values()], curves: [], notes };
}

/** @returns undefined for what is no JSON */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(finite(text));
  } catch {
    return undefined;
  }
}

/** Python writes NaN, which is no JSON. */
const finite = (text: string) => text.replace(/([:[,]\s*)-?(?:NaN|Infinity)\b/g, '$1null');

function mtebModelName(home: string): string {
  const meta = join(home, 'model_meta.json');
  const stated = existsSync(meta)
    ? (parseJson(readFileSync(meta, 'utf8')) as { name?: unknown } | null)?.name
    : undefined;
  return typeof stated === 'string' ? stated : basename(dirname(home)).replace('__', '/');
}

/** MTEB searches titles, also those of CoIR's tasks. */
function mtebResults({ task_name, scores }: z.output<typeof mtebShape>): PublishedResult[] {
  return Object.entries(scores).flatMap(([split, entries]) =>
    entries.map((entry): PublishedResult => {
      const metrics = Object.entries(entry).flatMap(([key, score]) => {
        const [, kind, depth] = /^(ndcg|mrr|map|recall|precision)_at_(\d+)$/.exec(key) ?? [];
        return kind === undefined || typeof score !== 'number' ? [] : [[`${kind}@${depth}`, score] as const];
      });
      const name = entry.hf_subset === 'default' ? task_name : `${task_name}/${entry.hf_subset}`;
      const { set, part } = findPublic(name) ?? { set: name, part: null };
      return { task: taskIdentity({ set, part, split, titles: 'use' }), metrics: Object.fromEntries(metrics) };
    }),
  );
}

async function readTable(file: string): Promise<Published> {
  const rows = await readCsv(file);
  const columns = Object.keys(rows[0]?.values ?? {});
  const nameColumn = ['model', 'base', 'name'].find((column) => columns.includes(column));
  if (nameColumn && ['step', 'loss'].every((column) => columns.includes(column)))
    return { models: [], curves: curvesOf(file, rows, nameColumn) };
  if (!nameColumn || !['task', 'metric', 'value'].every((column) => columns.includes(column)))
    throw new UserError(
      `${file} must have columns model, task, metric, value, or model, step, loss; it has ${columns.join(', ') || 'none'}`,
    );
  const models = new Map<string, PublishedModel>();
  for (const { line, values: row } of rows) {
    const name = nameIn(file, line, row, nameColumn);
    const model = models.get(name) ?? { name, about: `from ${basename(file)}`, results: [] };
    const number = value.safeParse(row['value'] === '' ? undefined : Number(row['value']));
    if (!number.success)
      throw new UserError(`${file}:${line}: value must be a number from 0 to 1; got ${row['value']}`);
    const task = identityOfName(row['task']!);
    const result = model.results.find((each) => isSameTask(each.task, task)) ?? { task, metrics: {} };
    if (!model.results.includes(result)) model.results.push(result);
    result.metrics[row['metric']!] = number.data;
    models.set(name, model);
  }
  return { models: [...models.values()], curves: [] };
}

function curvesOf(file: string, rows: readonly CsvRow[], nameColumn: string): Published['curves'] {
  const curves = new Map<string, Published['curves'][number]>();
  for (const { line, values: row } of rows) {
    const [step, loss] = [Number(row['step']), Number(row['loss'])];
    if (!Number.isFinite(step) || !Number.isFinite(loss) || row['loss'] === '')
      throw new UserError(`${file}:${line}: step and loss must be numbers; got ${row['step']} and ${row['loss']}`);
    const name = nameIn(file, line, row, nameColumn);
    const curve = curves.get(name) ?? { name, steps: [] };
    const gradNorm = Number(row['grad_norm'] || NaN);
    curve.steps.push({
      step,
      loss,
      learningRate: Number(row['learning_rate'] || NaN),
      ...(Number.isFinite(gradNorm) && { gradNorm }),
    });
    curves.set(name, curve);
  }
  return [...curves.values()];
}

function nameIn(file: string, line: number, row: Record<string, string>, column: string): string {
  if (row[column]!.trim() === '') throw new UserError(`${file}:${line}: ${column} must not be empty`);
  return row[column]!;
}

/** The figures of a published model on one of our tasks, whatever each side calls it. */
export const publishedMetrics = (model: PublishedModel, task: TaskIdentity): Record<string, number> | undefined =>
  model.results.find((result) => isSameTask(result.task, task))?.metrics;
