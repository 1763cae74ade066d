import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { csvLine, readCsv } from '../../../../eval/report/page/csv.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

describe('CSV', () => {
  const place = useTemporaryFolder();
  const read = async (text: string | Uint8Array) => {
    await writeFile(place('x.csv'), text);
    return readCsv(place('x.csv'));
  };

  it('comes back as it was written, whatever the cells hold', async () => {
    const rows = [
      ['', 'b', ''],
      ['', '', ''],
      ['a,"b"', 'two\r\nlines', '=1+1'],
      ["'=x", "it's", '-'],
      ['"', '\n', ' '],
    ];
    const text = csvLine(['one', 'two', 'three']) + rows.map((row) => csvLine(row)).join('');
    assert.deepEqual(
      (await read(text)).map(({ values }) => Object.values(values)),
      rows,
    );
  });

  // A row whose first cell is empty was read with all values one column to the left.
  it('reads an empty first cell as one, and tells the line that a row begins on', async () => {
    assert.deepEqual(await read('\ufeffa,b\r\n,2\n\n"x\ny",3\n4,5'), [
      { line: 2, values: { a: '', b: '2' } },
      { line: 4, values: { a: 'x\ny', b: '3' } },
      { line: 6, values: { a: '4', b: '5' } },
    ]);
    assert.deepEqual(await read('a,b\n1,\n'), [{ line: 2, values: { a: '1', b: '' } }]);
    assert.deepEqual(await read('a,b\n5" pipe,"open\n'), [{ line: 2, values: { a: '5" pipe', b: '"open' } }]);
    assert.deepEqual(await read(''), []);
  });

  // `=HYPERLINK(...)` as the name of a model was a live link in a spreadsheet.
  it('lets no text begin as a formula, and leaves numbers as they are', () => {
    assert.equal(csvLine(['=HYPERLINK("x")', '+1', '-a', '@b', -0.25]), `"'=HYPERLINK(""x"")",'+1,'-a,'@b,-0.25\n`);
  });

  it('says when a file is not UTF-8', async () => {
    await assert.rejects(read(Uint8Array.of(97, 10, 0xff)), { name: 'UserError', message: /x\.csv is not UTF-8/ });
  });
});
