import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { appendHistory, readHistory, type HistoryEntry } from '../../../train/retrain/history.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

const entry = (id: string): HistoryEntry => ({
  ...{ id, time: '2026-01-01T00:00:00.000Z', outcome: 'kept', run: id, champion: null, why: 'ü', version: '1' },
});

describe('the history of a plan', () => {
  const at = useTemporaryFolder();

  it('takes each retraining once, in the order of their ends', async () => {
    const file = at('deep/history.jsonl');
    assert.deepEqual(await readHistory(file), []);
    for (const id of ['a', 'b', 'a']) await appendHistory(file, entry(id));
    assert.deepEqual(
      (await readHistory(file)).map(({ id }) => id),
      ['a', 'b'],
    );
  });

  it('leaves out a line that was torn, and removes it before the next', async () => {
    const file = at('history.jsonl');
    await appendHistory(file, entry('a'));
    appendFileSync(file, '{"id":"b","why":"ü');
    assert.deepEqual(
      (await readHistory(file)).map(({ id }) => id),
      ['a'],
    );
    await appendHistory(file, entry('b'));
    assert.equal(readFileSync(file, 'utf8'), `${JSON.stringify(entry('a'))}\n${JSON.stringify(entry('b'))}\n`);
  });

  it('names a line that is damaged', async () => {
    const file = at('history.jsonl');
    appendFileSync(file, `${JSON.stringify(entry('a'))}\n{"id"\n`);
    await assert.rejects(readHistory(file), /history\.jsonl: line 2 is damaged/);
  });
});
