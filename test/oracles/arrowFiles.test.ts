import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { scanArrow } from '../../data/arrow/message/scanArrow.js';

const folder = join(process.env['ORACLES'] ?? '../shared/data', 'oracles/arrow');

interface Described {
  schema: { fields: { name: string }[] };
  dictionaries?: { id: number }[];
  batches: { count: number }[];
}

describe('scanArrow on the integration files of other Arrow writers', function () {
  before(function () {
    if (existsSync(folder)) return;
    console.log(`skipped: no Arrow files at ${folder}`);
    this.skip();
  });

  for (const file of existsSync(folder) ? readdirSync(folder).filter((name) => !name.endsWith('.gz')) : [])
    it(`${file}: the columns, batches and dictionaries that its description lists`, async () => {
      const handle = await open(join(folder, file));
      const layout = await scanArrow(handle, file).finally(() => handle.close());
      const description = gunzipSync(readFileSync(join(folder, `${file.split('.')[0]!}.json.gz`))).toString();
      const expected = JSON.parse(description) as Described;
      assert.equal(layout.form, file.endsWith('.stream') ? 'stream' : 'file');
      assert.deepEqual(
        layout.schema.fields.map(({ name }) => name),
        expected.schema.fields.map(({ name }) => name),
      );
      assert.deepEqual(
        layout.batches.map(({ rows }) => rows),
        expected.batches.map(({ count }) => count),
      );
      assert.deepEqual(
        layout.dictionaries.map(({ id }) => id).sort(),
        (expected.dictionaries ?? []).map(({ id }) => id).sort(),
      );
    });
});
