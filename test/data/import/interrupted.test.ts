import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { gzipSync } from 'node:zlib';
import { importExamples } from '../../../data/import/importExamples.js';
import { ownerOf } from '../../../setup/lock/owner.mjs';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { examplesIn, idsIn, metadataOf, row, importRefused } from './imported.js';

describe('importExamples, interrupted', () => {
  const at = useTemporaryFolder();
  const refused = importRefused(() => at('out.arrow'));

  const lines = Array.from({ length: 9000 }, (_, id) => (id % 1500 === 7 ? `{${id}` : row(`${id}`, [`n${id}`])));
  /** Imports until the disk has been asked to keep so many places, then stops. */
  async function stopAfter(files: string[], saves: number) {
    const stop = new AbortController();
    const bytes = { read: 0 };
    const summary = await importExamples(files, at('out.arrow'), {
      signal: stop.signal,
      saveEveryMs: 0,
      onBytes: (done, all) => {
        bytes.read++;
        if (bytes.read > saves) stop.abort();
        assert.ok(done <= all);
      },
    });
    return summary;
  }

  for (const [name, write] of [
    ['plain', (content: string) => writeFileSync(at('a.jsonl'), content)],
    ['gzip', (content: string) => writeFileSync(at('a.jsonl'), gzipSync(content))],
  ] as const)
    it(`goes on where it was and ends with the same file, ${name}`, async () => {
      write(`${lines.join('\n')}\n`);
      writeFileSync(at('b.jsonl'), `${lines.map((line) => line.replace('query ', 'b ')).join('\n')}\n`);
      const files = [at('a.jsonl'), at('b.jsonl')];
      await importExamples(files, at('whole.arrow'));
      assert.equal(await stopAfter(files, 1), null);
      assert.ok(existsSync(at('out.arrow.import/progress.json')));
      assert.equal(await stopAfter(files, 2), null);
      const places: unknown[] = [];
      const summary = await importExamples(files, at('out.arrow'), {
        onSources: (_, from) => places.push(from?.path),
      });
      assert.ok(places[0] !== undefined, 'it began anew');
      assert.deepEqual([summary!.rows, summary!.rejected[0]!.rows], [17988, 12]);
      assert.deepEqual(await examplesIn(at('out.arrow')), await examplesIn(at('whole.arrow')));
      assert.deepEqual(
        readFileSync(at('out.arrow.rejects.jsonl'), 'utf8'),
        readFileSync(at('whole.arrow.rejects.jsonl'), 'utf8'),
      );
      assert.deepEqual(await metadataOf(at('out.arrow')), await metadataOf(at('whole.arrow')));
      assert.ok(!existsSync(at('out.arrow.import')));
    });

  const rejectedBefore = (line: number) => Math.floor((line + 1492) / 1500);

  // Its rows became a record batch of their own, so that another shuffle, and other bytes, came of the same data.
  it('ends with the same bytes when it was stopped in the midst of a record batch', async () => {
    writeFileSync(at('a.jsonl'), `${lines.join('\n')}\n`);
    await importExamples([at('a.jsonl')], at('whole.arrow'));
    assert.equal(await stopAfter([at('a.jsonl')], 1), null);
    let from: number | undefined;
    await importExamples([at('a.jsonl')], at('out.arrow'), { onSources: (_, place) => (from = place?.line) });
    assert.equal((from! - rejectedBefore(from!)) % 1024, 0);
    assert.deepEqual(readFileSync(at('out.arrow')), readFileSync(at('whole.arrow')));
  });

  it('waits for the end of a record batch, but not for ever: one that takes too long is begun anew', async () => {
    // 500 rows, of which none but the last ends a batch.
    writeFileSync(at('a.jsonl'), `${lines.slice(1000, 1500).join('\n')}\n`);
    await importExamples([at('a.jsonl')], at('whole.arrow'));
    const ending = (mostWaitMs: number) =>
      importExamples([at('a.jsonl')], at('out.arrow'), { signal: AbortSignal.abort(), mostWaitMs });
    assert.equal(await ending(0), null);
    assert.ok(!existsSync(at('out.arrow')));
    let from: unknown = 'untold';
    const summary = await importExamples([at('a.jsonl')], at('out.arrow'), { onSources: (_, place) => (from = place) });
    assert.deepEqual([summary!.rows, from], [500, null]);
    assert.deepEqual(readFileSync(at('out.arrow')), readFileSync(at('whole.arrow')));
    rmSync(at('out.arrow'));
    assert.equal((await ending(60_000))!.rows, 500);
    assert.deepEqual(readFileSync(at('out.arrow')), readFileSync(at('whole.arrow')));
  });

  it('drops what was written after the last place it kept', async () => {
    writeFileSync(at('a.jsonl'), `${lines.join('\n')}\n`);
    assert.equal(await stopAfter([at('a.jsonl')], 1), null);
    for (const name of ['rows.arrow', 'rejects.jsonl'])
      writeFileSync(at(`out.arrow.import/${name}`), 'half a message', { flag: 'a' });
    assert.equal((await importExamples([at('a.jsonl')], at('out.arrow')))!.rows, 8994);
    assert.equal((await idsIn(at('out.arrow'))).length, 8994);
    assert.doesNotMatch(readFileSync(at('out.arrow.rejects.jsonl'), 'utf8'), /half/);
  });

  it('refuses to go on with a source that changed, or with other sources', async () => {
    writeFileSync(at('a.jsonl'), `${lines.join('\n')}\n`);
    assert.equal(await stopAfter([at('a.jsonl')], 1), null);
    const { mtimeMs } = statSync(at('a.jsonl'));
    writeFileSync(at('b.jsonl'), row('1'));
    await refused([at('b.jsonl')], /out\.arrow\.import holds the beginning of another import/);
    writeFileSync(at('a.jsonl'), `${lines.join('\n')}\n\n`);
    await refused([at('a.jsonl')], /a\.jsonl changed since its import began; remove .*out\.arrow\.import to/);
    // Of the same size and time, its beginning is compared.
    writeFileSync(at('a.jsonl'), `${lines.join('\n').replace('query 1', 'query 9')}\n`);
    utimesSync(at('a.jsonl'), mtimeMs / 1000, mtimeMs / 1000);
    await refused([at('a.jsonl')], /a\.jsonl changed since its import began/);
    assert.ok(existsSync(at('out.arrow.import/progress.json')));
  });

  it('leaves a folder alone that lies where it would work and is not its own', async () => {
    writeFileSync(at('a.jsonl'), row('1'));
    mkdirSync(at('out.arrow.import'));
    writeFileSync(at('out.arrow.import/notes.txt'), 'mine');
    await refused([at('a.jsonl')], /out\.arrow\.import holds notes\.txt, which this command did not put there/);
    assert.equal(readFileSync(at('out.arrow.import/notes.txt'), 'utf8'), 'mine');
  });

  it('is refused while another process is at the same output', async () => {
    writeFileSync(at('a.jsonl'), row('1'));
    mkdirSync(at('out.arrow.import'));
    const lock = (by: string) => JSON.stringify({ id: `${by}-1`, process: by, host: hostname(), pid: 1, children: [] });
    writeFileSync(at('out.arrow.import/lock'), lock(ownerOf(process.ppid)));
    await refused([at('a.jsonl')], /is being imported by process 1; wait for it/);
    writeFileSync(at('out.arrow.import/lock'), lock(ownerOf(4194305))); // no process has that number
    assert.equal((await importExamples([at('a.jsonl')], at('out.arrow')))!.rows, 1);
  });
});
