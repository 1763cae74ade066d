import { setImmediate } from 'node:timers/promises';
import type { IdTable } from '../../data/task/idTable.js';
import { createAnalyzer } from './analyze.js';
import { bm25Defaults, type Bm25Settings } from './index.js';
import { openPostings, type FieldPostings } from './postings.js';
import { bm25Root, ensureBm25Index, fieldsOf, type FieldChoice } from './store.js';
import { decodeLength } from './lengthByte.js';
import { packedRun } from '../measure/packedRun.js';
import type { Retriever } from '../measure/ranking.js';
import { topRows } from '../measure/topRows.js';
import { bestRows, inAnseriniOrder } from './ties.js';

export interface Bm25Options extends Bm25Settings {
  /** `flat`: title and text as one field. `multifield`: a field each, their scores added. */
  fields: FieldChoice;
  /** Where indexes are kept. */
  root: string;
}

/**
 * BM25 as a retriever: indexes the corpus of the task on the disk, unless that was done before, then answers its queries
 * from the postings of their terms alone. Ties are as in Anserini's run files.
 * Source: Anserini's BEIR regressions, flat and multifield.
 */
export function bm25Retriever(options: Partial<Bm25Options> = {}): Retriever {
  const { k1, b, fields, root } = { ...bm25Defaults, fields: 'flat' as const, root: bm25Root, ...options };
  const name = `bm25 k1=${k1} b=${b} fields=${fields} lucene-english`;
  return {
    name,
    identity: `${name} ties=anserini`,
    readsWordsAlone: true,
    async retrieve({ corpus, queries }, depth, onProgress = () => {}) {
      // Indexing is counted like the queries' share of the work: both are in documents and queries done.
      const all = corpus.ids.size + queries.length;
      const folder = await ensureBm25Index(root, corpus, fields, (documents) => onProgress(documents, all));
      const indexes = await Promise.all(fieldsOf(fields).map((field) => openPostings(folder, field)));
      try {
        const search = searcher(indexes, corpus.ids, { k1, b }, depth);
        const run = packedRun(corpus.ids);
        for (const { id, text } of queries) {
          const hits = search(text);
          run.add(id, inAnseriniOrder(hits.map((hit) => ({ ...hit, id: corpus.ids.get(hit.row) }))));
          if (run.size % 64 === 0) await setImmediate(); // lets progress and interruption through
          onProgress(corpus.ids.size + run.size, all);
        }
        return run;
      } finally {
        for (const index of indexes) index.close();
      }
    },
  };
}

/** A search that keeps its scratch space between queries. Equal scores: the lower id. */
function searcher(indexes: FieldPostings[], ids: IdTable, settings: Bm25Settings, depth: number) {
  const documents = ids.size;
  const analyze = createAnalyzer();
  const norms = indexes.map((index) => lengthNorms(index.meanLength, settings));
  const scores = new Float64Array(documents);
  const totals = new Float64Array(indexes.length > 1 ? documents : 0);
  const touched = new Uint32Array(documents);
  const seen = new Uint8Array(documents);
  const top = topRows(Math.min(depth, documents));
  return (query: string) => {
    const terms = analyze(query);
    let count = 0;
    indexes.forEach((index, field) => {
      const norm = norms[field]!;
      for (const term of terms) {
        const postings = index.read(term);
        if (!postings) continue;
        const { rows, occurrences } = postings;
        const idf = Math.log(1 + (index.documents - rows.length + 0.5) / (rows.length + 0.5));
        for (let at = 0; at < rows.length; at++) {
          const row = rows[at]!;
          if (seen[row] === 0) {
            seen[row] = 1;
            touched[count++] = row;
          }
          const tf = occurrences[at]!;
          scores[row]! += Math.fround((idf * tf) / (tf + norm[index.lengths[row]!]!));
        }
      }
      if (indexes.length === 1) return;
      // Lucene adds up one field's scores, rounds the sum to 32 bits, then adds the fields.
      for (let at = 0; at < count; at++) {
        const row = touched[at]!;
        totals[row]! += Math.fround(scores[row]!);
        scores[row] = 0;
      }
    });
    const sums = indexes.length === 1 ? scores : totals;
    const best = bestRows(top, touched, count, sums, (row) => ids.get(row));
    for (let at = 0; at < count; at++) {
      sums[touched[at]!] = 0;
      seen[touched[at]!] = 0;
    }
    return best;
  };
}

/** What stands beside the term's occurrences below the line, for each byte that a length is stored in. */
function lengthNorms(meanLength: number, { k1, b }: Bm25Settings): Float64Array {
  return Float64Array.from({ length: 256 }, (_, byte) => k1 * (1 - b + (b * decodeLength(byte)) / meanLength));
}
