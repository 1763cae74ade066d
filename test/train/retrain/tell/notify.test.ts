import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import type { HistoryEntry } from '../../../../train/retrain/history.js';
import { addNotice, deliverNotices, readNotices } from '../../../../train/retrain/tell/notify.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

const entry = (id: string): HistoryEntry => ({
  ...{ id, time: `2026-01-0${id}T00:00:00.000Z`, outcome: 'kept', run: id, champion: null, why: '', version: '1' },
});

describe('notifications', () => {
  const at = useTemporaryFolder();

  it('give a decision as JSON on standard input, oldest first, and forget it', async () => {
    for (const id of ['2', '1']) await addNotice(at('n'), { entry: entry(id), tries: 0, failure: null });
    assert.equal(await deliverNotices(at('n'), `cat >> ${at('taken')}`), undefined);
    assert.equal(readFileSync(at('taken'), 'utf8'), `${JSON.stringify(entry('1'))}\n${JSON.stringify(entry('2'))}\n`);
    assert.deepEqual(readdirSync(at('n')), []);
  });

  // One cut file ended every command that looks at them in a stack.
  it('name the file of one that is damaged', async () => {
    await addNotice(at('n'), { entry: entry('1'), tries: 0, failure: null });
    const [name] = readdirSync(at('n'));
    writeFileSync(at(`n/${name}`), '{"entry": {"id"');
    await assert.rejects(readNotices(at('n')), {
      name: 'UserError',
      message: `${at(`n/${name}`)} is damaged; remove it, and its decision is not told again`,
    });
  });

  it('stay where the command fails, with why, and are tried again', async () => {
    await addNotice(at('n'), { entry: entry('1'), tries: 0, failure: null });
    const failing = 'echo trying >&2; echo no mail today >&2; exit 7';
    for (const tries of [1, 2]) {
      assert.equal(await deliverNotices(at('n'), failing), 'exit code 7: no mail today');
      const [notice] = await readNotices(at('n'));
      assert.deepEqual([notice!.tries, notice!.failure], [tries, 'exit code 7: no mail today']);
    }
    assert.equal(await deliverNotices(at('n'), 'true'), undefined);
    assert.deepEqual(await readNotices(at('n')), []);
  });

  // `sh` alone was ended, and what it had started held its output open: the call waited with it, and kept its lock.
  it('end a command that takes too long, with all that it started', async () => {
    await addNotice(at('n'), { entry: entry('1'), tries: 0, failure: null });
    const started = Date.now();
    const slow = `(sleep 30; touch ${at('late')}) | cat; true`;
    assert.match((await deliverNotices(at('n'), slow, 300))!, /^ended after 0\.3 s/);
    assert.ok(Date.now() - started < 20_000);
    assert.equal((await readNotices(at('n'))).length, 1);
  });

  it('take a command that reads nothing, and a plan that has none any more', async () => {
    await addNotice(at('n'), { entry: entry('1'), tries: 0, failure: null });
    assert.equal(await deliverNotices(at('n'), 'exit 0'), undefined);
    await addNotice(at('n'), { entry: entry('1'), tries: 0, failure: null });
    assert.equal(await deliverNotices(at('n'), undefined), undefined);
    assert.equal(existsSync(at('n/1.json')), false);
  });
});
