import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { Run } from '../../../eval/measure/ranking.js';
import { stageTrecRun } from '../../../eval/score/trecRun.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('TREC runs', () => {
  const place = useTemporaryFolder();
  const write = async (run: Run, tag: string) => (await stageTrecRun(place('run.trec'), run, tag)).commit();

  it('are written with ranks from 1, best first, ties by document id, descending', async () => {
    const run: Run = new Map([
      [
        'q1',
        [
          { id: 'd1', score: 0.5 },
          { id: 'd2', score: 0.5 },
          { id: 'd3', score: 7 },
        ],
      ],
      ['q2', []],
    ]);
    await write(run, 'my model');
    assert.equal(
      await readFile(place('run.trec'), 'utf8'),
      'q1 Q0 d3 1 7 my-model\nq1 Q0 d2 2 0.5 my-model\nq1 Q0 d1 3 0.5 my-model\n',
    );
  });

  it('keep apart any two scores that 32-bit floats keep apart', async () => {
    const one = Math.fround(0.1);
    const next = Math.fround(one + 2 ** -27); // the next float above 0.1
    assert.ok(next > one);
    const run: Run = new Map([
      [
        'q',
        [
          { id: 'a', score: next },
          { id: 'b', score: one },
        ],
      ],
    ]);
    await write(run, 't');
    const lines = (await readFile(place('run.trec'), 'utf8')).trim().split('\n');
    const scores = lines.map((line) => Math.fround(Number(line.split(' ')[4])));
    assert.deepEqual(scores, [next, one]);
  });

  it('leave the older file and nothing else when a score is not a number', async () => {
    await writeFile(place('run.trec'), 'older');
    const bad: Run = new Map([['q', [{ id: 'a', score: NaN }]]]);
    await assert.rejects(write(bad, 't'), /score of document a for query q is NaN/);
    assert.deepEqual(await readdir(place()), ['run.trec']);
    assert.equal(await readFile(place('run.trec'), 'utf8'), 'older');
  });

  it('hold no id with white space', async () => {
    const bad: Run = new Map([['q', [{ id: 'two words', score: 1 }]]]);
    await assert.rejects(write(bad, 't'), /^UserError: the document id "two words" must have/);
  });
});
