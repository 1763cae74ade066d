import type { Example, ExamplePassage } from '../example/example.js';
import {
  addBytes,
  addText,
  addTexts,
  createTextColumn,
  createTextLists,
  shorten,
  shortenLists,
  type TextColumn,
  type TextLists,
} from './textColumn.js';

/** Rows of training examples as columns that can be handed to another thread. */
export interface ExampleColumns {
  rows: number;
  ids: TextColumn;
  queries: TextColumn;
  /** Of each row; null where the data have none. */
  queryImages: TextLists | null;
  positives: PassageColumns;
  negatives: PassageColumns;
}

/** The lists of passages of all rows: `ends[row]` is the place after the row's last passage. */
export interface PassageColumns {
  ends: Int32Array;
  ids: TextColumn;
  titles: TextColumn;
  texts: TextColumn;
  /** Of each passage; null where the data have none. */
  images: TextLists | null;
  /** NaN where a passage has none; null where none has. */
  scores: Float64Array | null;
}

/**
 * Columns without rows.
 * @param rows        expected; more are taken too
 * @param withImages  whether queries and passages may have images
 */
export function createColumns(rows: number, withImages = false): ExampleColumns {
  return {
    rows: 0,
    ids: createTextColumn(24 * rows, rows),
    queries: createTextColumn(64 * rows, rows),
    queryImages: withImages ? createTextLists(rows) : null,
    positives: createPassages(rows, withImages),
    negatives: createPassages(rows, withImages),
  };
}

/** Add one row from strings. */
export function addExample(columns: ExampleColumns, example: Example): void {
  const { id, query, queryImages = [], positives, negatives } = example;
  addText(columns.ids, id);
  addText(columns.queries, query);
  addImages(columns.queryImages, queryImages);
  addPassages(columns.positives, columns.rows, positives);
  addPassages(columns.negatives, columns.rows, negatives);
  columns.rows++;
}

/**
 * Add one row of query, positive and negative without making strings of them.
 * @param source    holds all three as UTF-8
 * @param bounds    begin and end of the query, of the positive and of the negative, in bytes
 */
export function addTriple(columns: ExampleColumns, id: string, source: Buffer, bounds: readonly number[]): void {
  addText(columns.ids, id);
  addBytes(columns.queries, source, bounds[0]!, bounds[1]!);
  addImages(columns.queryImages, []);
  addTextOnly(columns.positives, columns.rows, source, bounds[2]!, bounds[3]!);
  addTextOnly(columns.negatives, columns.rows, source, bounds[4]!, bounds[5]!);
  columns.rows++;
}

/** Bytes of text that the columns hold. */
export function textBytes({ ids, queries, positives, negatives }: ExampleColumns): number {
  return ids.used + queries.used + passageBytes(positives) + passageBytes(negatives);
}

/** Take back the last row. */
export function dropLastRow(columns: ExampleColumns): void {
  columns.rows--;
  shorten(columns.ids, columns.rows);
  shorten(columns.queries, columns.rows);
  if (columns.queryImages) shortenLists(columns.queryImages, columns.rows);
  for (const list of [columns.positives, columns.negatives]) {
    const count = columns.rows === 0 ? 0 : list.ends[columns.rows - 1]!;
    for (const column of [list.ids, list.titles, list.texts]) shorten(column, count);
    if (list.images) shortenLists(list.images, count);
  }
}

/** The buffers of the columns, for a transfer to another thread. */
export function buffersOf(columns: ExampleColumns): ArrayBuffer[] {
  const lists = [columns.positives, columns.negatives];
  const images = [columns.queryImages, ...lists.map((list) => list.images)].filter((found) => found !== null);
  return [
    ...textColumns(columns).flatMap(({ bytes, offsets }) => [bytes.buffer, offsets.buffer]),
    ...[...lists, ...images].map(({ ends }) => ends.buffer),
    ...lists.flatMap(({ scores }) => (scores === null ? [] : [scores.buffer])),
  ] as ArrayBuffer[];
}

/** Every column of texts. */
export function textColumns({ ids, queries, queryImages, positives, negatives }: ExampleColumns): TextColumn[] {
  const passages = [positives, negatives].flatMap((list) => [list.ids, list.titles, list.texts, list.images?.texts]);
  return [ids, queries, queryImages?.texts, ...passages].filter((column) => column !== undefined);
}

function createPassages(rows: number, withImages: boolean): PassageColumns {
  return {
    ends: new Int32Array(rows),
    ids: createTextColumn(16 * rows, rows),
    titles: createTextColumn(0, rows),
    texts: createTextColumn(400 * rows, rows),
    images: withImages ? createTextLists(rows) : null,
    scores: null,
  };
}

function addPassages(list: PassageColumns, row: number, passages: ExamplePassage[]): void {
  for (const { id, title, text, images = [], score } of passages) {
    addText(list.ids, id);
    addText(list.titles, title);
    addText(list.texts, text);
    addImages(list.images, images);
    if (score !== undefined || list.scores !== null) addScore(list, list.texts.count - 1, score ?? NaN);
  }
  endRow(list, row);
}

function addTextOnly(list: PassageColumns, row: number, source: Buffer, from: number, to: number): void {
  addBytes(list.ids, source, from, from);
  addBytes(list.titles, source, from, from);
  addBytes(list.texts, source, from, to);
  addImages(list.images, []);
  if (list.scores !== null) addScore(list, list.texts.count - 1, NaN);
  endRow(list, row);
}

function addImages(lists: TextLists | null, images: readonly string[]): void {
  if (lists) addTexts(lists, images);
  else if (images.length > 0) throw new Error('images were added to columns that have no place for them');
}

function addScore(list: PassageColumns, place: number, score: number): void {
  if (list.scores === null || list.scores.length <= place) {
    const larger = new Float64Array(Math.max(1024, 2 * (place + 1))).fill(NaN);
    larger.set(list.scores ?? []);
    list.scores = larger;
  }
  list.scores[place] = score;
}

function endRow(list: PassageColumns, row: number): void {
  if (row === list.ends.length) {
    const larger = new Int32Array(2 * row + 1);
    larger.set(list.ends);
    list.ends = larger;
  }
  list.ends[row] = list.texts.count;
}

const passageBytes = ({ ids, titles, texts }: PassageColumns) => ids.used + titles.used + texts.used;
