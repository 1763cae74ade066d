import type { Lookups } from '../../../data/import/source/records.js';
import type { RowSink } from '../../../data/import/source/rowSink.js';
import type { Example } from '../../../data/example/example.js';

/** A sink that keeps rows as they come, and lookups that find every id. */
export function collectRows() {
  const rows: Example[] = [];
  const rejects: { line: number; reason: string }[] = [];
  const sink: RowSink = {
    add: (_, __, example) => void rows.push(example),
    addTriple(id, source, bounds) {
      const cell = (index: number) => source.toString('utf8', bounds[2 * index], bounds[2 * index + 1]);
      const passage = (index: number) => ({ id: '', title: '', text: cell(index) });
      rows.push({ id, query: cell(0), positives: [passage(1)], negatives: [passage(2)] });
    },
    reject: (_, line, reason) => void rejects.push({ line, reason }),
    isFull: () => false,
    take: () => null,
    counts: () => ({ rows: rows.length, rowsWithoutNegatives: 0 }),
  };
  const lookups: Lookups = {
    passage: (id) => ({ title: '', text: `text of ${id}` }),
    query: (id) => ({ text: `query ${id}` }),
  };
  return { sink, lookups, rows, rejects };
}
