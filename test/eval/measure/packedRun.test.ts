import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { packedRun } from '../../../eval/measure/packedRun.js';

describe('packedRun', () => {
  const ids = { get: (row: number) => `d${row}` };

  it('gives back what was added, scores as 32-bit floats, as often as it is asked', () => {
    const run = packedRun(ids);
    run.add('q1', [
      { row: 4_000_000_000, score: 0.1 },
      { row: 0, score: -2 },
    ]);
    run.add('q2', []);
    const expected = [
      { id: 'd4000000000', score: Math.fround(0.1) },
      { id: 'd0', score: -2 },
    ];
    assert.deepEqual(run.get('q1'), expected);
    assert.deepEqual(
      [...run],
      [
        ['q1', expected],
        ['q2', []],
      ],
    );
    assert.equal(run.get('q3'), undefined);
    assert.equal(run.size, 2);
  });

  it('holds, changes and scores a thousand documents of thousands of queries in a small heap', () => {
    // Every document was two objects with a string at one time: MS MARCO dev, 6,980 queries with 1,000 documents each,
    // ended a heap of 1 GB.
    const script = `
      import { packedRun } from './eval/packedRun.js';
      import { scoreRun, withoutIdenticalIds } from './eval/metrics.js';
      const run = packedRun({ get: (row) => 'document-' + row });
      const hits = Array.from({ length: 1000 }, (_, place) => ({ row: place, score: 1000 - place }));
      const qrels = new Map();
      for (let query = 0; query < 3000; query++) {
        run.add('q' + query, hits);
        qrels.set('q' + query, new Map([['document-1', 1]]));
      }
      console.log(scoreRun(withoutIdenticalIds(run, qrels), qrels, ['mrr@10']).mean['mrr@10']);
    `;
    const args = ['--max-old-space-size=48', '--import', 'tsx', '--input-type=module', '-e', script];
    assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe' }), '0.5\n');
  });
});
