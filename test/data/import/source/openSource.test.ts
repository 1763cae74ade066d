import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { UserError } from '../../../../configs/userError.js';
import { compressZstd, loadZstd } from '../../../../data/arrow/message/zstd.js';
import { openSource, type KnownBeginning } from '../../../../data/import/source/openSource.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('openSource', () => {
  const at = useTemporaryFolder();
  async function contentOf(path: string, known?: KnownBeginning) {
    const source = await openSource(path, known);
    try {
      const pieces: Buffer[] = [];
      for await (const piece of source.pieces) pieces.push(piece);
      return { content: Buffer.concat(pieces), read: source.read(), compression: source.compression };
    } finally {
      await source.close();
    }
  }
  const text = Buffer.from(Array.from({ length: 150_000 }, (_, line) => `line ${line} ${line * line}\n`).join(''));
  const [one, other] = [text.subarray(0, 700_000), text.subarray(700_000)];

  it('gives the content whatever compressed it, also of several members, and the hash of the file as it lies', async () => {
    await loadZstd();
    for (const [compression, bytes] of [
      [null, text],
      ['gzip', gzipSync(text)],
      ['gzip', Buffer.concat([gzipSync(one), gzipSync(other)])],
      ['zstd', Buffer.from(compressZstd(text))],
      ['zstd', Buffer.concat([compressZstd(one), compressZstd(other)])],
    ] as const) {
      writeFileSync(at('file'), bytes);
      const found = await contentOf(at('file'));
      assert.ok(found.content.equals(text));
      assert.deepEqual(found.read, { bytes: bytes.length, sha256: sha256(bytes) });
      assert.equal(found.compression, compression);
    }
  });

  it('refuses compressed files that end early or go on with something else', async () => {
    await loadZstd();
    const [gzip, zstd] = [gzipSync(text), Buffer.from(compressZstd(text))];
    for (const bytes of [gzip, zstd])
      for (const changed of [
        bytes.subarray(0, bytes.length - 12),
        Buffer.concat([bytes, Buffer.from('something else here')]),
      ]) {
        writeFileSync(at('file'), changed);
        await assert.rejects(contentOf(at('file')), (error: Error) => {
          assert.ok(error instanceof UserError, error.stack);
          assert.match(error.message, /file is damaged or cut short: [^\n]+$/);
          return true;
        });
      }
  });

  it('refuses a zstd file that asks for more memory than is reasonable', async () => {
    // A frame with the largest window there is.
    writeFileSync(at('file'), Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    await assert.rejects(openSource(at('file')), /takes a window of more than 128 MB to decompress/);
  });

  it('tells whether the beginning is still what it was', async () => {
    writeFileSync(at('file'), text);
    const folder = at('file.import');
    for (const bytes of [1, 2 ** 20, 2 ** 20 + 5, text.length]) {
      const known = { bytes, sha256: sha256(text.subarray(0, bytes)), folder };
      assert.equal((await contentOf(at('file'), known)).content.length, text.length);
      await assert.rejects(
        contentOf(at('file'), { ...known, sha256: sha256(other) }),
        /file changed since its import began/,
      );
    }
  });

  it('says in one line that a file is missing or a folder', async () => {
    await assert.rejects(openSource(at('absent')), new UserError(`cannot read ${at('absent')}: it does not exist`));
    await assert.rejects(openSource(at()), new UserError(`cannot read ${at()}: it is a folder`));
  });
});
