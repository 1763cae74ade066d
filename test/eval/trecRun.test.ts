import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { Run } from '../../eval/ranking.js';
import { readTrecRun, writeTrecRun } from '../../eval/trecRun.js';
import { useTemporaryFolder } from '../checkpoints/useTemporaryFolder.js';

describe('TREC runs', () => {
  const place = useTemporaryFolder();
  const read = async (text: string) => {
    await writeFile(place('run'), text);
    return readTrecRun(place('run'));
  };

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
    await writeTrecRun(place('run.trec'), run, 'my model');
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
    await writeTrecRun(place('run.trec'), run, 't');
    assert.deepEqual(
      (await readTrecRun(place('run.trec'))).get('q')!.map(({ id }) => id),
      ['a', 'b'],
    );
  });

  it('are read in any order, by score and not by rank, whatever the blanks, comments and further fields', async () => {
    const run = await read('# comment\r\nq\tQ0\ta\t1\t 1.5 tag\r\n\r\n  q Q0 b 9 2.5e0 tag and more\n');
    assert.deepEqual(
      [...run],
      [
        [
          'q',
          [
            { id: 'b', score: 2.5 },
            { id: 'a', score: 1.5 },
          ],
        ],
      ],
    );
  });

  for (const [line, mistake] of [
    ['q Q0 b 1 2.5', /run:2 must hold query, Q0, document, rank, score and tag; got "q Q0 b 1 2.5"$/],
    ['q Q0 b 1 nan t', /run:2: the score must be a number; got nan$/],
    ['q Q0 b 1 Infinity t', /run:2: the score must be a number; got Infinity$/],
    ['q Q0 a 2 1 t', /run:2 names document a a second time for query q; remove one$/],
  ] as const)
    it(`are refused with file and line at "${line}"`, async () => {
      await assert.rejects(read(`q Q0 a 1 1 t\n${line}\n`), { name: 'UserError', message: mistake });
    });

  it('leave the older file and nothing else when a score is not a number', async () => {
    await writeFile(place('run.trec'), 'older');
    const bad: Run = new Map([['q', [{ id: 'a', score: NaN }]]]);
    await assert.rejects(writeTrecRun(place('run.trec'), bad, 't'), /score of document a for query q is NaN/);
    assert.deepEqual(await readdir(place()), ['run.trec']);
    assert.equal(await readFile(place('run.trec'), 'utf8'), 'older');
  });

  it('hold no id with white space', async () => {
    const bad: Run = new Map([['q', [{ id: 'two words', score: 1 }]]]);
    await assert.rejects(
      writeTrecRun(place('run.trec'), bad, 't'),
      /^UserError: the document id "two words" must have/,
    );
  });
});
