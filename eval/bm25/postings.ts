import { closeSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readNumber } from './byteBuffer.js';

/** Files of one field's index. */
export interface FieldFiles {
  /** Length and bytes of each term, in the order of UTF-16 units. */
  terms: string;
  /** For each term: documents that hold it, bytes of its postings. */
  table: string;
  /** Of each term in turn: how far a document lies behind the one before, how often it holds the term. */
  postings: string;
  /** A byte a document, as Lucene stores lengths. */
  lengths: string;
  facts: string;
}

export interface FieldFacts {
  /** Those with at least one term. */
  documents: number;
  /** Terms of a document, over those that have any. */
  meanLength: number;
  terms: number;
}

/** An index of one field whose postings stay on the disk. */
export interface FieldPostings extends FieldFacts {
  /** [documents of the corpus]: the byte that stands for each one's length */
  lengths: Uint8Array;
  /** @returns rows, ascending, and how often each holds the term; undefined for a term that no document has */
  read(term: string): { rows: Uint32Array; occurrences: Uint32Array } | undefined;
  close(): void;
}

export function fieldFiles(folder: string, field: string): FieldFiles {
  const file = (part: string) => join(folder, `${field}.${part}`);
  return {
    terms: file('terms'),
    table: file('table'),
    postings: file('postings'),
    lengths: file('lengths'),
    facts: file('json'),
  };
}

/** Open a field's index. Memory holds its terms, 20 bytes a term beside them, and a byte a document. */
export async function openPostings(folder: string, field: string): Promise<FieldPostings> {
  const files = fieldFiles(folder, field);
  const facts = JSON.parse(await readFile(files.facts, 'utf8')) as FieldFacts;
  const [terms, table, lengths] = await Promise.all(
    [files.terms, files.table, files.lengths].map((file) => readFile(file)),
  );
  const { places, counts, begins } = readTable(terms!, table!, facts.terms);
  const termAt = (index: number) => {
    const [length, from] = readNumber(terms!, places[index]!);
    return terms!.toString('utf8', from, from + length);
  };
  const find = (term: string) => {
    let [low, high] = [0, facts.terms];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (termAt(middle) < term) low = middle + 1;
      else high = middle;
    }
    return low < facts.terms && termAt(low) === term ? low : undefined;
  };
  const descriptor = openSync(files.postings, 'r');
  return {
    ...facts,
    lengths: lengths!,
    read(term) {
      const index = find(term);
      if (index === undefined) return undefined;
      const bytes = readBytes(descriptor, begins[index]!, begins[index + 1]! - begins[index]!);
      return decode(bytes, counts[index]!);
    },
    close: () => closeSync(descriptor),
  };
}

function readTable(terms: Buffer, table: Buffer, count: number) {
  const places = new Float64Array(count);
  const counts = new Uint32Array(count);
  const begins = new Float64Array(count + 1);
  let [position, at] = [0, 0];
  for (let index = 0; index < count; index++) {
    places[index] = position;
    const [length, from] = readNumber(terms, position);
    position = from + length;
    const [documents, next] = readNumber(table, at);
    const [bytes, end] = readNumber(table, next);
    counts[index] = documents;
    begins[index + 1] = begins[index]! + bytes;
    at = end;
  }
  return { places, counts, begins };
}

function readBytes(descriptor: number, from: number, size: number): Uint8Array {
  const bytes = Buffer.alloc(size);
  let read = 0;
  while (read < size) {
    const more = readSync(descriptor, bytes, read, size - read, from + read);
    if (more === 0) throw new Error('the BM25 index is cut short; remove its folder under data/cache/bm25');
    read += more;
  }
  return bytes;
}

function decode(bytes: Uint8Array, count: number): { rows: Uint32Array; occurrences: Uint32Array } {
  const rows = new Uint32Array(count);
  const occurrences = new Uint32Array(count);
  let [row, place] = [0, 0];
  const number = () => {
    let byte = bytes[place++]!;
    let value = byte & 127;
    for (let shift = 7; byte >= 128; shift += 7) {
      byte = bytes[place++]!;
      value |= (byte & 127) << shift;
    }
    return value;
  };
  for (let index = 0; index < count; index++) {
    row += number();
    rows[index] = row;
    occurrences[index] = number();
  }
  return { rows, occurrences };
}
