import assert from 'node:assert/strict';
import { RecordBatch, tableFromIPC, tableToIPC, Table } from 'apache-arrow';
import { encodeColumns } from '../../../data/arrow/encodeExamples.js';
import { addExample, createColumns, dropLastRow, type ExampleColumns } from '../../../data/arrow/exampleColumns.js';
import { exampleSchema } from '../../../data/arrow/exampleSchema.js';
import type { Example } from '../../../data/example/example.js';

const example = (row: number, score?: number): Example => ({
  id: `${row}`,
  query: `query ${row}`,
  positives: [{ id: `p${row}`, title: '', text: `text ${row}`, ...(score !== undefined && { score }) }],
  negatives: Array.from({ length: row }, (_, place) => ({ id: '', title: `n${place}`, text: `not ${row}` })),
});
const rowsOf = (columns: ExampleColumns) =>
  (JSON.parse(JSON.stringify(tableFromIPC(tableToIPC(new Table([batchOf(columns)]))).toArray())) as object[]).map(
    (row) => row as { query: string; positives: { text: string; score: number | null }[]; negatives: object[] },
  );
const batchOf = (columns: ExampleColumns): RecordBatch => encodeColumns(columns, exampleSchema());

describe('columns of examples', () => {
  it('take more rows than were expected', () => {
    const columns = createColumns(1);
    for (let row = 0; row < 5; row++) addExample(columns, example(row));
    const rows = rowsOf(columns);
    assert.deepEqual(
      rows.map(({ query, negatives }) => [query, negatives.length]),
      [0, 1, 2, 3, 4].map((row) => [`query ${row}`, row]),
    );
  });

  it('give a row back, and the next one takes its place', () => {
    for (const kept of [0, 2]) {
      const columns = createColumns(4);
      for (let row = 0; row < kept; row++) addExample(columns, example(row));
      addExample(columns, example(9, 0.5));
      dropLastRow(columns);
      addExample(columns, example(3));
      const rows = rowsOf(columns);
      assert.deepEqual(
        rows.map(({ query, negatives, positives: [one] }) => [query, negatives.length, one!.text, one!.score ?? null]),
        [...Array.from({ length: kept }, (_, row) => row), 3].map((row) => [`query ${row}`, row, `text ${row}`, null]),
      );
    }
  });
});
