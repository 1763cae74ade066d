import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
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
    const script = fileURLToPath(new URL('manyHits.ts', import.meta.url));
    const args = ['--max-old-space-size=48', '--import', 'tsx', script];
    assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe' }), '0.5\n');
  });
});
