import { open } from 'node:fs/promises';
import { byteBuffer } from './byteBuffer.js';

/** Collects the terms of documents into files of postings, each sorted by term. */
export interface Runs {
  /** @param row  higher than that of the document before */
  add(row: number, terms: readonly string[]): Promise<void> | void;
  /** @returns the files, in the order of their documents */
  finish(): Promise<string[]>;
}

/**
 * A run is a list of entries sorted by term in the order of UTF-16 units: length and bytes of the term, number of
 * postings, last row, bytes of the postings; then for each posting how far its row lies behind the one before and how
 * often the term occurs. All numbers have seven bits a byte, the lowest first.
 * @param prefix    of the files' names; a number follows
 * @param postings  in memory until a run is written
 */
export function createRuns(prefix: string, postings: number): Runs {
  const files: string[] = [];
  let terms = new Map<string, number>();
  let [termIds, rows, occurrences] = [0, 1, 2].map(() => new Uint32Array(Math.min(postings, 65_536))) as Columns;
  let size = 0;

  const write = async () => {
    if (size === 0) return;
    const file = `${prefix}${files.length}`;
    await writeRun(file, terms, termIds.subarray(0, size), rows, occurrences);
    files.push(file);
    terms = new Map();
    size = 0;
  };
  return {
    add(row, found) {
      const counts = new Map<string, number>();
      for (const term of found) counts.set(term, (counts.get(term) ?? 0) + 1);
      if (size + counts.size > termIds.length)
        [termIds, rows, occurrences] = [termIds, rows, occurrences].map((values) =>
          grown(values, Math.max(2 * values.length, size + counts.size)),
        ) as Columns;
      for (const [term, count] of counts) {
        let id = terms.get(term);
        if (id === undefined) terms.set(term, (id = terms.size));
        termIds[size] = id;
        rows[size] = row;
        occurrences[size++] = count;
      }
      return size >= postings ? write() : undefined;
    },
    async finish() {
      await write();
      return files;
    },
  };
}

type Columns = [Uint32Array<ArrayBuffer>, Uint32Array<ArrayBuffer>, Uint32Array<ArrayBuffer>];

async function writeRun(
  file: string,
  terms: ReadonlyMap<string, number>,
  termIds: Uint32Array,
  rows: Uint32Array,
  occurrences: Uint32Array,
): Promise<void> {
  const begins = new Uint32Array(terms.size + 1);
  for (const id of termIds) begins[id + 1]!++;
  for (let id = 0; id < terms.size; id++) begins[id + 1]! += begins[id]!;
  const next = begins.slice();
  const places = new Uint32Array(termIds.length);
  termIds.forEach((id, index) => (places[next[id]!++] = index));

  const handle = await open(file, 'w');
  try {
    const entries = byteBuffer();
    const body = byteBuffer();
    for (const term of [...terms.keys()].sort()) {
      const id = terms.get(term)!;
      let last = 0;
      body.clear();
      for (let at = begins[id]!; at < begins[id + 1]!; at++) {
        const place = places[at]!;
        body.number(rows[place]! - last);
        body.number(occurrences[place]!);
        last = rows[place]!;
      }
      entries.text(term);
      entries.number(begins[id + 1]! - begins[id]!);
      entries.number(last);
      entries.number(body.size);
      entries.bytes(body.view());
      if (entries.size > 1e6) {
        await handle.writeFile(entries.view());
        entries.clear();
      }
    }
    await handle.writeFile(entries.view());
  } finally {
    await handle.close();
  }
}

function grown(values: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(values);
  return larger;
}
