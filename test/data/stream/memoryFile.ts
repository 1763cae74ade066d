import type { ExampleFile } from '../../../data/arrow/openExamples.js';

/** A file of examples in memory with ids `<name><row>`; `reads` lists the batches that were read. */
export function memoryFile(name: string, batchRows: number[]): ExampleFile & { reads: string[] } {
  const reads: string[] = [];
  return {
    path: name,
    form: 'stream',
    rows: batchRows.reduce((sum, rows) => sum + rows, 0),
    batchRows,
    reads,
    async read(batch) {
      reads.push(`${name}/${batch}`);
      const first = batchRows.slice(0, batch).reduce((sum, rows) => sum + rows, 0);
      return Array.from({ length: batchRows[batch]! }, (_, row) => {
        const id = `${name}${first + row}`;
        return { id, query: `q ${id}`, positives: [{ id: `p${id}`, title: '', text: id }], negatives: [] };
      });
    },
    count: async (batch) => ({ unusable: [], negatives: Array.from({ length: batchRows[batch]! }, () => 0) }),
    close: async () => {},
  };
}
