import assert from 'node:assert/strict';
import { createIdTable } from '../../../data/task/idTable.js';

describe('createIdTable', () => {
  const ids = Array.from({ length: 5000 }, (_, row) => (row % 7 === 0 ? `überlang-${row * 31}` : `d${row}`));

  it('gives every id the row in which it was added, and no row to others', () => {
    const table = createIdTable();
    for (const id of ids) assert.equal(table.add(id), true);
    assert.equal(table.size, 5000);
    ids.forEach((id, row) => {
      assert.equal(table.get(row), id);
      assert.equal(table.rowOf(id), row);
    });
    for (const id of ['', 'd', 'd5000', 'D1']) assert.equal(table.rowOf(id), -1);
  });

  it('takes no id twice', () => {
    const table = createIdTable();
    assert.deepEqual([table.add('a'), table.add(''), table.add('a'), table.add('')], [true, true, false, false]);
    assert.equal(table.size, 2);
  });

  it('goes on from packed ids', () => {
    const table = createIdTable();
    for (const id of ids.slice(0, 100)) table.add(id);
    const again = createIdTable(table.packed());
    assert.equal(again.rowOf(ids[99]!), 99);
    assert.deepEqual([again.add(ids[3]!), again.add('new')], [false, true]);
    assert.equal(again.get(100), 'new');
    assert.equal(table.size, 100);
  });
});
