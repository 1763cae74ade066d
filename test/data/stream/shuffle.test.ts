import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../../configs/userError.js';
import { streamExamples, type Position } from '../../../data/stream/shuffle.js';
import { memoryFile } from './memoryFile.js';

const start: Position = { epoch: 0, window: 0, row: 0 };
const twoFiles = () => [memoryFile('a', [3, 1, 2]), memoryFile('b', [4, 0, 2])]; // 12 rows an epoch

async function take(count: number, options: { seed: number; windowRows: number; from?: Position }, files = twoFiles()) {
  const taken: { id: string; next: Position }[] = [];
  for await (const { example, next } of streamExamples(files, options)) {
    taken.push({ id: example.id, next });
    if (taken.length === count) break;
  }
  return taken;
}
const ids = (taken: { id: string }[]) => taken.map(({ id }) => id);
const all = ['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'b0', 'b1', 'b2', 'b3', 'b4', 'b5'];

describe('streamExamples', () => {
  it('gives every row of every file once an epoch, in another order each epoch and for each seed', async () => {
    const first = ids(await take(24, { seed: 1, windowRows: 4 }));
    assert.deepEqual([...first.slice(0, 12)].sort(), all);
    assert.deepEqual([...first.slice(12)].sort(), all);
    assert.notDeepEqual(first.slice(0, 12), first.slice(12));
    assert.notDeepEqual(first, ids(await take(24, { seed: 2, windowRows: 4 })));
    assert.deepEqual(first, ids(await take(24, { seed: 1, windowRows: 4 })));
  });

  it('gives the same order in another process', async () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const command = ['--import', 'tsx', 'test/fixtures/printOrder.ts'];
    const there = execFileSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
    const here = await take(9, { seed: 5, windowRows: 4 }, [memoryFile('a', [3, 4, 2])]);
    assert.equal(there, ids(here).join(' '));
  });

  it('goes on at every row of two epochs as if it had not stopped', async () => {
    const options = { seed: 3, windowRows: 5 };
    const whole = await take(24 + 6, options);
    for (const [row, { next }] of whole.slice(0, 24).entries())
      assert.deepEqual(await take(6, { ...options, from: next }), whole.slice(row + 1, row + 7), `after row ${row}`);
    assert.deepEqual(await take(3, { ...options, from: start }), whole.slice(0, 3));
  });

  it('reads no batch before the window it resumes in', async () => {
    const file = memoryFile('a', [2, 2, 2, 2]);
    await take(1, { seed: 1, windowRows: 2, from: { epoch: 4, window: 2, row: 1 } }, [file]);
    assert.equal(file.reads.length, 2); // that window and the one after it
  });

  it('takes as few batches into a window as reach its size', async () => {
    const taken = await take(12, { seed: 9, windowRows: 4 }, [memoryFile('a', [3, 3, 3, 3])]);
    const windows = [taken.slice(0, 6), taken.slice(6)];
    assert.deepEqual(
      taken.map(({ next }) => next),
      [
        ...[1, 2, 3, 4, 5].map((row) => ({ epoch: 0, window: 0, row })),
        { epoch: 0, window: 1, row: 0 },
        ...[1, 2, 3, 4, 5].map((row) => ({ epoch: 0, window: 1, row })),
        { epoch: 1, window: 0, row: 0 },
      ],
    );
    // Rows of two whole batches each, mixed with one another.
    for (const window of windows) {
      const batches = ids(window).map((id) => Math.floor(Number(id.slice(1)) / 3));
      assert.deepEqual([...new Set(batches)].length, 2);
      assert.notDeepEqual(batches, [...batches].sort());
    }
  });

  it('reads one window ahead and no further, however long a row is kept', async () => {
    const file = memoryFile('a', [2, 2, 2, 2, 2]);
    const stream = streamExamples([file], { seed: 1, windowRows: 2 });
    assert.equal(file.reads.length, 0);
    await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(file.reads.length, 2);
    await stream.next();
    await stream.next(); // the first row of the second window
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(file.reads.length, 3);
    await stream.return(undefined);
  });

  it('ends only when nothing is being read any more, so that files can be closed', async () => {
    let reading = 0;
    const file = memoryFile('a', [1, 1]);
    const slow = {
      ...file,
      async read(batch: number) {
        reading++;
        await new Promise((resolve) => setTimeout(resolve, 5));
        reading--;
        return file.read(batch);
      },
    };
    await take(1, { seed: 1, windowRows: 1 }, [slow]);
    assert.equal(reading, 0);
  });

  it('reports an error of the window ahead when that window is reached', async () => {
    const file = memoryFile('a', [1, 1]);
    let reads = 0;
    const failing = {
      ...file,
      read: (batch: number) => (++reads === 2 ? Promise.reject(new Error('disk')) : file.read(batch)),
    };
    const stream = streamExamples([failing], { seed: 1, windowRows: 1 });
    assert.equal((await stream.next()).done, false);
    await assert.rejects(stream.next(), /disk/);
  });

  it('refuses a position that these files do not have', async () => {
    for (const from of [
      { epoch: 0, window: 9, row: 0 },
      { epoch: 0, window: 0, row: 9 },
    ])
      await assert.rejects(take(1, { seed: 1, windowRows: 4, from }), (error: Error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, /does not exist; resume with the same files/);
        return true;
      });
  });
});
