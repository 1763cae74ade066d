import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { namesIn } from './names.js';
import { pathOf } from './pathOf.js';
import { openYaml } from './readYaml.js';
import { suggest } from './suggest.js';
import { UserError } from '../userError.js';

/** What a file of the web is called on the disk. */
export const fileNameOf = (url: string): string => basename(new URL(url).pathname);

const inside = z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))/, 'must stay within the folder');
const bytes = z.number().int().min(1).optional().describe('for the progress bar and the disk; the hash is what counts');

const web = z
  .strictObject({
    url: z.url().refine((url) => fileNameOf(url) !== '', 'must name a file'),
    bytes,
    md5: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .optional(),
    headers: z.record(z.string(), z.string()).default({}),
    inside: inside.optional().describe('folder in the archive, all of which is taken'),
    take: z.record(z.string(), inside).optional().describe('files in the archive and what they become'),
    as: inside.optional().describe('name of a file that is no archive; one without .gz is decompressed'),
  })
  .refine(
    ({ inside, take, as }) => [inside, take, as].filter((way) => way !== undefined).length === 1,
    'state one of inside, take and as',
  );

const hub = z
  .strictObject({
    hub: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'must be owner/name'),
    revision: z.string().default('main'),
    bytes,
    take: z.record(z.string(), inside).optional().describe('files of the data set and what they become'),
    tables: z
      .union([z.array(z.string()), z.record(z.string(), z.string())])
      .optional()
      .describe('tables, each in one Parquet file or in numbered pieces; by their names there, where these are others'),
    split: z.string().optional().describe('of tables that lie in folders of their names, a file for each split'),
    to: inside.optional().describe('folder for the tables'),
  })
  .refine(({ take, tables }) => (take === undefined) !== (tables === undefined), 'state either take or tables');

const training = z.strictObject({
  files: z.array(inside).min(1),
  collection: inside.optional(),
  queries: inside.optional(),
  rows: z.number().int().min(1).optional().describe('for plans that are made before the files are there'),
  needs: z.array(z.string()).default([]).describe('data sets that hold some of these'),
});

const single = z.strictObject({
  about: z.string(),
  licence: z.string(),
  page: z.url(),
  folder: inside.describe('under data/cache/'),
  unpackedBytes: z.number().int().min(0).optional().describe('what it takes on the disk beside the downloaded files'),
  parts: z.array(inside).optional().describe('folders within the folder, each a task'),
  sources: z
    .array(z.union([web, hub]))
    .min(1)
    .refine((sources) => {
      const names = sources.flatMap((source) => ('url' in source ? [fileNameOf(source.url)] : []));
      return new Set(names).size === names.length;
    }, 'must not name two files of one name'),
  import: training.optional().describe('how it becomes training data; paths are under data/cache/'),
});

const several = z.strictObject({ about: z.string(), datasets: z.array(z.string()).min(1) });

export type WebSource = z.output<typeof web>;
export type HubSource = z.output<typeof hub>;

/** One data set of configs/datasets/. */
export type Dataset = z.output<typeof single> & { name: string };

/** Several under one name. */
export type DatasetGroup = z.output<typeof several> & { name: string };

/** All single data sets of configs/datasets/, and all groups. */
export function listDatasets(): { datasets: Dataset[]; groups: DatasetGroup[] } {
  const all = namesIn('datasets').map((name) => readDatasetFile(fileOf(name)));
  return {
    datasets: all.filter((entry) => 'sources' in entry),
    groups: all.filter((entry) => 'datasets' in entry),
  };
}

/**
 * The data sets that names stand for, each once.
 * @param names  of a data set or group in configs/datasets/, or the path of a YAML file of that form
 * @throws UserError when a name is unknown or a file cannot be used
 */
export function resolveDatasets(names: readonly string[]): Dataset[] {
  const found = names.flatMap((name) => datasetsOf(name, []));
  return [...new Map(found.map((dataset) => [dataset.name, dataset])).values()];
}

/** @param groups  files of the groups that the name stands in */
function datasetsOf(name: string, groups: readonly string[]): Dataset[] {
  const file = findFile(name, groups.at(-1));
  if (groups.includes(resolve(file)))
    throw new UserError(`${file}: datasets: names a group that names it again; take one of them out`);
  const entry = readDatasetFile(file);
  if ('sources' in entry) return [entry];
  return entry.datasets.flatMap((each) => datasetsOf(each, [...groups, resolve(file)]));
}

/** @param group  the file that names it; a path in it is relative to it */
function findFile(name: string, group: string | undefined): string {
  const where = group === undefined ? '' : `${group}: datasets: `;
  if (/\.ya?ml$/.test(name)) {
    const file = group === undefined ? name : resolve(dirname(group), name);
    if (!existsSync(file)) throw new UserError(`${where}data set file ${file} does not exist`);
    return file;
  }
  const known = namesIn('datasets');
  if (!known.includes(name)) throw new UserError(`${where}unknown data set ${name}; ${suggest(name, known)}`);
  return fileOf(name);
}

function readDatasetFile(file: string): Dataset | DatasetGroup {
  const { value: raw, placeOf } = openYaml(file);
  const isGroup = typeof raw === 'object' && raw !== null && 'datasets' in raw;
  const result = (isGroup ? several : single).safeParse(raw);
  if (result.success) return { name: basename(file).replace(/\.ya?ml$/, ''), ...result.data };
  const issue = result.error.issues[0]!;
  const name = issue.path.length === 0 ? 'must hold name: value' : issue.path.join('.');
  throw new UserError(`${placeOf(pathOf(issue))}: ${name}: ${issue.message}`);
}

const fileOf = (name: string) => fileURLToPath(new URL(`../datasets/${name}.yaml`, import.meta.url));
