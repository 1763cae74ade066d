import type { Passage } from '../../data/example/example.js';
import { createAnalyzer, type Analyzer } from './analyze.js';
import { decodeLength, encodeLength } from './lengthByte.js';
import { topRows } from '../measure/topRows.js';
import { bestRows, inAnseriniOrder } from './ties.js';

export interface Bm25Settings {
  /** How soon repeats of a word stop counting, 0 or more. */
  k1: number;
  /** How much long documents are held back, 0 to 1. */
  b: number;
}

/** Anserini's defaults. */
export const bm25Defaults: Bm25Settings = { k1: 0.9, b: 0.4 };

/** An inverted index: the postings of term t are those from `begins[t]` up to `begins[t + 1]`. */
export interface Bm25Index {
  ids: string[];
  terms: Map<string, number>;
  /** [terms + 1] */
  begins: Uint32Array;
  /** [postings]: rows of the corpus, ascending within a term */
  rows: Uint32Array;
  /** [postings]: what the term adds to the score of that row */
  impacts: Float32Array;
  analyze: Analyzer;
}

/**
 * Index title and text of every passage. Holds 8 bytes a posting, 20 while it is being built.
 * Source: Lucene BM25Similarity (idf = ln(1 + (N - df + 0.5) / (df + 0.5)), tf / (tf + k1 (1 - b + b length / mean))),
 * with document lengths rounded as Lucene stores them; N counts documents with at least one term.
 */
export function buildBm25Index(corpus: readonly Passage[], settings: Bm25Settings = bm25Defaults): Bm25Index {
  const analyze = createAnalyzer();
  const counted = countTerms(corpus, analyze);
  const postings = invert(counted, settings);
  const ids = corpus.map(({ id }) => id);
  return { ids, terms: counted.terms, ...postings, analyze };
}

/**
 * A search for the `depth` best documents that share a term with the query, as rows of the corpus, in the order of
 * Anserini's run files, with the scores before ties were told apart. It keeps its scratch space between queries.
 */
export function bm25Searcher(index: Bm25Index, depth: number): (query: string) => { row: number; score: number }[] {
  const scores = new Float64Array(index.ids.length);
  const touched = new Uint32Array(index.ids.length);
  const top = topRows(Math.min(depth, index.ids.length));
  return (query) => {
    let count = 0;
    for (const text of index.analyze(query)) {
      const term = index.terms.get(text);
      if (term === undefined) continue;
      for (let at = index.begins[term]!; at < index.begins[term + 1]!; at++) {
        const row = index.rows[at]!;
        if (scores[row] === 0) touched[count++] = row;
        scores[row]! += index.impacts[at]!;
      }
    }
    const best = bestRows(top, touched, count, scores, (row) => index.ids[row]!);
    for (let at = 0; at < count; at++) scores[touched[at]!] = 0;
    const ordered = inAnseriniOrder(best.map((hit) => ({ ...hit, id: index.ids[hit.row]!, exact: hit.score })));
    return ordered.map(({ row, exact }) => ({ row, score: exact }));
  };
}

/** Each document's terms and how often each occurs in it, documents one after another. */
interface CountedTerms {
  terms: Map<string, number>;
  /** [documents + 1]: where each document's entries begin */
  begins: Uint32Array;
  /** [documents]: occurrences of terms in each document */
  lengths: Uint32Array;
  /** [postings or more] */
  termIds: Uint32Array;
  /** [postings or more] */
  occurrences: Uint32Array;
}

function countTerms(corpus: readonly Passage[], analyze: Analyzer): CountedTerms {
  const terms = new Map<string, number>();
  const begins = new Uint32Array(corpus.length + 1);
  const lengths = new Uint32Array(corpus.length);
  let termIds = new Uint32Array(1024);
  let occurrences = new Uint32Array(1024);
  let size = 0;
  corpus.forEach(({ title, text }, row) => {
    const found = Uint32Array.from(analyze(`${title}\n${text}`), (term) => {
      let id = terms.get(term);
      if (id === undefined) terms.set(term, (id = terms.size));
      return id;
    }).sort();
    if (size + found.length > termIds.length) {
      const length = Math.max(2 * termIds.length, size + found.length);
      termIds = grown(termIds, length);
      occurrences = grown(occurrences, length);
    }
    for (let at = 0; at < found.length; at++) {
      if (at > 0 && found[at] === found[at - 1]) occurrences[size - 1]!++;
      else {
        termIds[size] = found[at]!;
        occurrences[size++] = 1;
      }
    }
    lengths[row] = found.length;
    begins[row + 1] = size;
  });
  return { terms, begins, lengths, termIds, occurrences };
}

function grown(values: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(values);
  return larger;
}

function invert(counted: CountedTerms, { k1, b }: Bm25Settings): Pick<Bm25Index, 'begins' | 'rows' | 'impacts'> {
  const size = counted.begins.at(-1)!;
  const begins = new Uint32Array(counted.terms.size + 1);
  for (let at = 0; at < size; at++) begins[counted.termIds[at]! + 1]!++;
  const documents = counted.lengths.reduce((count, length) => count + (length > 0 ? 1 : 0), 0);
  const meanLength = counted.lengths.reduce((sum, length) => sum + length, 0) / documents;
  const idf = Float64Array.from(begins.subarray(1), (df) => Math.log(1 + (documents - df + 0.5) / (df + 0.5)));
  for (let term = 0; term < counted.terms.size; term++) begins[term + 1]! += begins[term]!;

  const next = begins.slice();
  const rows = new Uint32Array(size);
  const impacts = new Float32Array(size);
  counted.lengths.forEach((length, row) => {
    const stored = decodeLength(encodeLength(length));
    const norm = k1 * (1 - b + (b * stored) / meanLength);
    for (let at = counted.begins[row]!; at < counted.begins[row + 1]!; at++) {
      const term = counted.termIds[at]!;
      const place = next[term]!++;
      rows[place] = row;
      impacts[place] = (idf[term]! * counted.occurrences[at]!) / (counted.occurrences[at]! + norm);
    }
  });
  return { begins, rows, impacts };
}
