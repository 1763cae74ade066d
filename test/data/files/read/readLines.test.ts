import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { UserError } from '../../../../configs/userError.js';
import { readLines } from '../../../../data/files/read/readLines.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

async function lines(path: string, onBytes?: (bytes: number) => void) {
  const found = [];
  for await (const line of readLines(path, onBytes)) found.push(line);
  return found;
}
const texts = async (path: string) => (await lines(path)).map(({ text }) => text);

describe('readLines', () => {
  const at = useTemporaryFolder();

  it('splits at line feeds only, not at the other line ends that JSON strings may hold', async () => {
    writeFileSync(at('a'), 'one\u2028one\u0085one\r\n\ntwo\rtwo\n');
    assert.deepEqual(await lines(at('a')), [
      { line: 1, text: 'one\u2028one\u0085one' },
      { line: 2, text: '' },
      { line: 3, text: 'two\rtwo' },
    ]);
  });

  it('gives a last line without line end, and none for an empty file', async () => {
    writeFileSync(at('a'), 'one\ntwo');
    assert.deepEqual(await texts(at('a')), ['one', 'two']);
    writeFileSync(at('a'), '');
    assert.deepEqual(await texts(at('a')), []);
  });

  // Bytes that are no UTF-8 became U+FFFD, and texts with it were scored and encoded without a word.
  it('names the line that is no UTF-8, wherever it lies', async () => {
    const bad = Buffer.from('caf\xe9', 'latin1');
    const long = Buffer.from(`${'é'.repeat(200_000)}\n`);
    const cases: [Buffer[], number][] = [
      [[bad], 1],
      [[Buffer.from('one \ufffd\n'), bad, Buffer.from('\nthree\n')], 2],
      [[long, long, bad, Buffer.from('\n')], 3],
      [[long, Buffer.from('two\n'), Buffer.from('é').subarray(0, 1)], 3],
    ];
    for (const [parts, line] of cases) {
      writeFileSync(at('bad'), Buffer.concat(parts));
      await assert.rejects(texts(at('bad')), (error: Error) => {
        assert.ok(error instanceof UserError);
        assert.ok(error.message.startsWith(`${at('bad')}:${line} is not UTF-8; `), error.message);
        return true;
      });
    }
  });

  it('leaves out a byte order mark', async () => {
    writeFileSync(at('a'), '\ufeffone\n\ufefftwo\n');
    assert.deepEqual(await texts(at('a')), ['one', '\ufefftwo']);
  });

  it('keeps characters and lines whole across chunks, plain and compressed, and tells how far it is', async () => {
    const expected = Array.from({ length: 3000 }, (_, line) => `${line} ${'é₂🙂'.repeat(line % 50)}`);
    const content = expected.join('\n');
    writeFileSync(at('a'), content);
    writeFileSync(at('a.gz'), gzipSync(content));
    for (const name of ['a', 'a.gz']) {
      let bytes = 0;
      const found = await lines(at(name), (done) => (bytes = done));
      assert.deepEqual(
        found.map(({ text }) => text),
        expected,
      );
      assert.equal(bytes, statSync(at(name)).size);
    }
  });

  it('says which file is missing, is a folder, or is damaged', async () => {
    await assert.rejects(lines(at('absent')), new UserError(`cannot read ${at('absent')}: it does not exist`));
    await assert.rejects(lines(at()), new UserError(`cannot read ${at()}: it is a folder`));
    writeFileSync(at('cut.gz'), gzipSync('one\ntwo\n'.repeat(1000)).subarray(0, 30));
    await assert.rejects(lines(at('cut.gz')), (error: Error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /cut\.gz is damaged or cut short/);
      return true;
    });
    writeFileSync(at('plain.gz'), 'not compressed');
    await assert.rejects(lines(at('plain.gz')), /plain\.gz is damaged/);
    await assert.rejects(lines(at('absent.gz')), /absent\.gz: it does not exist/);
  });
});
