import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tableFromIPC } from 'apache-arrow';
import { perQueryBytes, readPerQuery } from '../../../eval/measure/perQuery.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('per-query.arrow', () => {
  const place = useTemporaryFolder();
  const perQuery = new Map([
    ['q1', { 'ndcg@10': 0.1, 'recall@100': 1 }],
    ['7', { 'ndcg@10': 1 / 3, 'recall@100': 0 }],
  ]);

  it('has a utf8 column of ids and a float64 column for each metric', async () => {
    await writeFile(place('x.arrow'), perQueryBytes(perQuery, ['ndcg@10', 'recall@100']));
    const table = tableFromIPC(readFileSync(place('x.arrow')));
    assert.deepEqual(
      table.schema.fields.map(({ name, type }) => [name, String(type)]),
      [
        ['query_id', 'Utf8'],
        ['ndcg@10', 'Float64'],
        ['recall@100', 'Float64'],
      ],
    );
    assert.equal(readFileSync(place('x.arrow')).subarray(0, 6).toString(), 'ARROW1');
  });

  it('is read as it was written, to the last bit', async () => {
    await writeFile(place('x.arrow'), perQueryBytes(perQuery, ['ndcg@10', 'recall@100']));
    assert.deepEqual(await readPerQuery(place('x.arrow')), perQuery);
  });

  it('is refused when missing or damaged', async () => {
    await assert.rejects(readPerQuery(place('none')), {
      name: 'UserError',
      message: /^cannot read .*; evaluate again$/,
    });
    await writeFile(place('bad'), 'not arrow at all');
    await assert.rejects(readPerQuery(place('bad')), { name: 'UserError', message: /evaluate again$/ });
  });
});
