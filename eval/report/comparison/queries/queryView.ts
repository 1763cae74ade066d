import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../../../configs/userError.js';
import { readLines } from '../../../../data/files/read/readLines.js';
import type { ImageSource } from '../../../../data/image/imageSource.js';
import { thumbnailOf, type Thumbnail } from '../../../../data/image/thumbnail.js';
import { documentId, documentOf } from '../../../../data/task/documents.js';
import { readQrels } from '../../../../data/task/readQrels.js';
import { readRows } from '../../../../data/task/readRows.js';
import { findTaskFiles } from '../../../../data/task/taskFiles.js';
import type { Task } from '../../../tasks/taskFile.js';
import { chooseQueries, type ScoredQuery } from './chooseQueries.js';
import { rowOf, type Comparison } from '../comparison.js';

/** A passage in a ranking: its place in `texts` and its grade, 0 where it is not known to be relevant. */
type Found = [text: number, grade: number];

/** What a reader sees of one query. */
interface ViewedQuery {
  /** Place in `tasks`. */
  task: number;
  id: string;
  text: string;
  /** Places in `images`. */
  images?: number[];
  /** By model; null where it lacks the query. */
  scores: (number | null)[];
  /** The first passages that each model found. */
  tops: Found[][];
  /** Passages known to be relevant, the first few. */
  relevant: Found[];
}

/** The queries that one model wins and another loses, with what they found: all that the page's script shows. */
export interface QueryView {
  models: string[];
  tasks: { name: string; metric: string; queries: number; perPair: number }[];
  /** Passages, cut short: title and text, and places in `images` where there are any. */
  texts: [title: string, text: string, images?: number[]][];
  /** What stands for an image in words, and small in the page as far as there is room. */
  images: ViewedImage[];
  queries: ViewedQuery[];
}

/** An image that is too many, or cannot be read, is told in words alone. */
type ViewedImage = { alt: string } & Partial<Thumbnail>;

/** Where the data of a task lies, and what its images were to the models. */
type TaskPlace = Pick<Task, 'folder' | 'split' | 'images'>;
export type FindTask = (name: string) => TaskPlace | undefined;

/** Bounds of what a page holds, so that it opens at once. */
const most = { queries: 2400, perPair: 50, tops: 3, relevant: 2, models: 9, characters: 280, images: 1500 };

/**
 * Collect the queries on which the models differ most, with the texts of their first passages, from the run files and
 * the data of the tasks.
 * @param findTask   undefined where its data is not here: the task is left out and named in `notes`
 * @param onProgress told the tasks done of all
 */
export async function queryView(
  comparison: Comparison,
  findTask: FindTask,
  onProgress: (done: number, all: number) => void = () => {},
): Promise<{ view: QueryView; notes: string[] }> {
  const models = viewedModels(comparison);
  const view: QueryView = { models, tasks: [], texts: [], images: [], queries: [] };
  const notes: string[] = [];
  const budget = Math.floor(most.queries / comparison.tasks.length);
  for (const [index, task] of comparison.tasks.entries()) {
    const scored = scoredQueries(comparison, models, task.name, task.metrics[0]!);
    const source = findTask(task.name);
    if (scored.length > 0 && source) {
      try {
        const { queries, perPair } = chooseQueries(scored, models.length, budget, most.perPair);
        const folders = models.map((model) => rowOf(comparison, model, task.name)?.folders[0]);
        await addTask(view, queries, folders, source);
        view.tasks.push({ name: task.name, metric: task.metrics[0]!, queries: scored.length, perPair });
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        notes.push(`Queries of ${task.name} are not shown: ${error.message}.`);
      }
    } else if (scored.length > 0)
      notes.push(
        `Queries of ${task.name} are not shown: its data is not here; --tasks-dir names the folder it lies in.`,
      );
    onProgress(index + 1, comparison.tasks.length);
  }
  return { view, notes };
}

/** Where there are many, the models that were asked for, what they are tested against, and BM25. */
function viewedModels({ models, rows, differences, baseline }: Comparison): string[] {
  const scored = models.filter(({ name }) => rows.some((row) => row.model === name && row.folders.length > 0));
  if (scored.length <= most.models) return scored.map(({ name }) => name);
  const wanted = new Set([baseline, ...differences.map(({ model }) => model)]);
  return scored
    .filter(({ name, setting, runs }) => wanted.has(name) || runs.length > 0 || setting === 'BM25')
    .map(({ name }) => name)
    .slice(0, most.models);
}

function scoredQueries(comparison: Comparison, models: readonly string[], task: string, metric: string): ScoredQuery[] {
  const own = models.map((model) => rowOf(comparison, model, task)?.perQuery);
  const ids = new Set(own.flatMap((perQuery) => [...(perQuery?.keys() ?? [])]));
  return [...ids].map((id) => ({ id, scores: own.map((perQuery) => perQuery?.get(id)?.[metric] ?? null) }));
}

async function addTask(
  view: QueryView,
  chosen: readonly ScoredQuery[],
  folders: readonly (string | undefined)[],
  place: TaskPlace,
): Promise<void> {
  const files = findTaskFiles(place.folder, place.split);
  const qrels = await readQrels(files.qrels);
  const ids = new Set(chosen.map(({ id }) => id));
  const tops: Map<string, string[]>[] = [];
  for (const folder of folders)
    tops.push(folder === undefined ? new Map<string, string[]>() : await readTops(join(folder, 'run.trec'), ids));
  const relevant = new Map(chosen.map(({ id }) => [id, bestOf(qrels.get(id))]));
  const wanted = new Set([...tops.flatMap((found) => [...found.values()].flat()), ...[...relevant.values()].flat()]);
  const texts = await readTexts(files.corpus, wanted, 'document', place.images, view.images);
  const queries = await readTexts(files.queries, ids, 'query', place.images, view.images);
  const missing = [...wanted].find((id) => !texts.has(id)) ?? [...ids].find((id) => !queries.has(id));
  if (missing !== undefined)
    throw new UserError(`${place.folder} does not hold ${missing}, so it is not what the models were judged on`);
  const begin = view.texts.length;
  const placeOf = new Map([...texts.keys()].map((id, at) => [id, begin + at]));
  for (const { title, text, images } of texts.values()) view.texts.push(images ? [title, text, images] : [title, text]);
  const found = (query: string, documents: readonly string[]) =>
    documents.map((id): Found => [placeOf.get(id)!, qrels.get(query)?.get(id) ?? 0]);
  for (const { id, scores } of chosen) {
    const { text, images } = queries.get(id)!;
    view.queries.push({
      task: view.tasks.length,
      id,
      text,
      ...(images && { images }),
      scores: scores.map((score) => score && Number(score.toFixed(4))),
      tops: tops.map((each) => found(id, each.get(id) ?? [])),
      relevant: found(id, relevant.get(id)!),
    });
  }
}

/** Documents of the highest grades. */
const bestOf = (grades: ReadonlyMap<string, number> | undefined): string[] =>
  [...(grades ?? [])]
    .filter(([, grade]) => grade > 0)
    .sort(([, one], [, other]) => other - one)
    .slice(0, most.relevant)
    .map(([id]) => id);

/** The first documents of each of these queries, as the ranks of a TREC run say. */
async function readTops(file: string, queries: ReadonlySet<string>): Promise<Map<string, string[]>> {
  const tops = new Map<string, string[]>();
  if (!existsSync(file)) return tops;
  for await (const { text } of readLines(file)) {
    const [query, , document, rank] = text.split(' ', 4);
    if (Number(rank) > most.tops || !queries.has(query!)) continue;
    tops.set(query!, [...(tops.get(query!) ?? []), document!]);
  }
  return tops;
}

/**
 * Title and text, cut short, of these documents or queries, and what is shown of their images.
 * @param shown  takes these
 */
async function readTexts(
  files: readonly string[],
  ids: ReadonlySet<string>,
  kind: 'document' | 'query',
  images: TaskPlace['images'],
  shown: ViewedImage[],
) {
  const texts = new Map<string, { title: string; text: string; images?: number[] }>();
  for await (const row of readRows(files, ['id', 'text'])) {
    if (!ids.has(documentId(row.columns(), row.location))) continue;
    const { id, title, text, images: found } = await documentOf(row, { titles: 'use', images });
    texts.set(id, { title: cut(title), text: cut(text) });
    if (found) texts.get(id)!.images = await viewImages(found, `${kind} ${id}`, shown);
    if (texts.size === ids.size) break;
  }
  return texts;
}

/** @returns places in `shown` */
async function viewImages(images: readonly ImageSource[], whose: string, shown: ViewedImage[]): Promise<number[]> {
  const places: number[] = [];
  for (const [index, image] of images.entries()) {
    const small = shown.length < most.images ? await thumbnailOf(await image.read()) : undefined;
    places.push(shown.length);
    shown.push({ alt: `image ${images.length > 1 ? `${index + 1} ` : ''}of ${whose}`, ...small });
  }
  return places;
}

/** Cut between characters, not within a pair of surrogates. */
function cut(text: string): string {
  const plain = text.trim();
  return plain.length <= most.characters
    ? plain
    : `${plain
        .slice(0, most.characters)
        .replace(/[\ud800-\udbff]$/, '')
        .trimEnd()} …`;
}
