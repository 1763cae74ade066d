import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentHash } from '../../../data/files/contentHash.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('contentHash', () => {
  const at = useTemporaryFolder();
  const bytes = (value: number) => Buffer.alloc(2 ** 20, value);
  const sha256 = (value: number) => createHash('sha256').update(bytes(value)).digest('hex');

  it('does not remember a file that may still change within one tick of its clock', async () => {
    writeFileSync(at('file'), bytes(1));
    assert.equal(await contentHash(at('file'), at('hashes')), sha256(1));
    assert.ok(!existsSync(at('hashes')));
  });

  it('remembers a large file until it is edited or copied, even to the same size and time', async function () {
    this.timeout(15_000);
    writeFileSync(at('file'), bytes(1));
    const { atime, mtime } = statSync(at('file'));
    await new Promise((resolve) => setTimeout(resolve, 3500));
    assert.equal(await contentHash(at('file'), at('hashes')), sha256(1));
    const [name] = readdirSync(at('hashes'));
    const record = join(at('hashes'), name!);
    // A mark in the record shows whether it is what answers.
    writeFileSync(record, readFileSync(record, 'utf8').replace(sha256(1), '0'.repeat(64)));
    assert.equal(await contentHash(at('file'), at('hashes')), '0'.repeat(64));

    copyFileSync(at('file'), at('copy'));
    utimesSync(at('copy'), atime, mtime);
    assert.equal(await contentHash(at('copy'), at('hashes')), sha256(1));

    writeFileSync(at('file'), bytes(2));
    utimesSync(at('file'), atime, mtime);
    assert.equal(await contentHash(at('file'), at('hashes')), sha256(2));
  });

  it('takes a damaged record for none', async function () {
    writeFileSync(at('file'), bytes(1));
    const { dev, ino } = statSync(at('file'), { bigint: true });
    await contentHash(at('file'), at('hashes'));
    writeFileSync(at(`${dev}-${ino}.json`), '{"key": 3');
    assert.equal(await contentHash(at('file'), at('.')), sha256(1));
  });
});
