import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { openRunLog, readLog, truncateLog } from '../../../checkpoints/run/log.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

const noon = () => Date.parse('2026-01-31T12:00:00Z');
const time = '2026-01-31T12:00:00.000Z';

describe('openRunLog', () => {
  const place = useTemporaryFolder();

  it('writes one JSON object a line, there when the call returns', async () => {
    const { log, check, close } = openRunLog(place('log.jsonl'), noon);
    log.info('step', { step: 1, loss: 0.5 });
    log.warn('warning', { text: 'two\nlines' });
    assert.equal(
      await readFile(place('log.jsonl'), 'utf8'),
      `{"event":"step","time":"${time}","step":1,"loss":0.5}\n{"event":"warning","time":"${time}","text":"two\\nlines"}\n`,
    );
    check();
    close();
  });

  it('goes on where an earlier process stopped', async () => {
    for (const step of [1, 2]) {
      const { log, close } = openRunLog(place('log.jsonl'), noon);
      log.info('step', { step });
      close();
    }
    assert.deepEqual(await readLog(place('log.jsonl')), [
      { event: 'step', time, step: 1 },
      { event: 'step', time, step: 2 },
    ]);
  });

  for (const name of ['message', 'level'])
    it(`refuses a field called ${name}, which would not be written as it is`, async () => {
      const { log, close } = openRunLog(place('log.jsonl'), noon);
      const refusal = new RegExp(`log event warning: a field may not be called ${name}$`);
      assert.throws(() => log.warn('warning', { [name]: 'info' }), refusal);
      close();
      assert.equal(await readFile(place('log.jsonl'), 'utf8'), '');
    });

  it("says that a place that cannot be written is the user's mistake", () => {
    assert.throws(() => openRunLog(place()), { name: 'UserError', message: /it is a folder/ });
  });

  it('tells when a line could not be written', function () {
    if (!existsSync('/dev/full')) this.skip(); // a file that is always full, on Linux
    const { log, check, close } = openRunLog('/dev/full');
    log.info('step', { step: 1 });
    assert.throws(check, /no space left to write \/dev\/full/);
    close();
  });
});

describe('readLog', () => {
  const place = useTemporaryFolder();

  it('leaves out a last line that was torn', async () => {
    await writeFile(place('log'), '{"event":"step","step":1}\n{"event":"st');
    assert.deepEqual(await readLog(place('log')), [{ event: 'step', step: 1 }]);
  });

  it('names another line that is damaged', async () => {
    await writeFile(place('log'), '{"event":"step"}\nnonsense\n{"event":"step"}\n');
    await assert.rejects(readLog(place('log')), /log: line 2 is not JSON/);
    await assert.rejects(readLog(place('absent')), /absent does not exist/);
  });
});

describe('truncateLog', () => {
  const place = useTemporaryFolder();
  const line = (event: string, step?: number) => JSON.stringify({ event, step, time }) + '\n';

  it('leaves the log as if the run had never gone beyond the saved step', async () => {
    const kept = [line('start'), line('step', 1), line('warning'), line('step', 2), line('save', 2)];
    const lost = [line('step', 3), line('warning'), line('eval', 3), line('end', 3), '{"event":"st'];
    await writeFile(place('log'), [...kept, ...lost].join(''));
    await truncateLog(place('log'), 2);
    assert.equal(await readFile(place('log'), 'utf8'), kept.join(''));
    await appendFile(place('log'), line('step', 3));
    assert.equal((await readLog(place('log'))).length, 6);
  });

  it('does not double the evaluations and warnings that a resumed run says again', async () => {
    const kept = [line('start'), line('warning'), line('step', 1), line('eval', 1), line('step', 2), line('save', 2)];
    const again = [line('warning'), line('eval', 2), line('eval', 2)];
    await writeFile(place('log'), [...kept, ...again, line('end', 2)].join(''));
    await truncateLog(place('log'), 2);
    assert.equal(await readFile(place('log'), 'utf8'), kept.join(''));
  });

  it('keeps no warning where no step stays', async () => {
    await writeFile(place('log'), line('start') + line('warning') + line('step', 1));
    await truncateLog(place('log'), 0);
    assert.equal(await readFile(place('log'), 'utf8'), line('start'));
  });

  it('drops the end of a run that was interrupted right after it saved', async () => {
    await writeFile(place('log'), line('step', 2) + line('save', 2) + line('end', 2));
    await truncateLog(place('log'), 2);
    assert.equal(await readFile(place('log'), 'utf8'), line('step', 2) + line('save', 2));
  });
});
