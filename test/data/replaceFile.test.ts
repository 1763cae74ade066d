import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { replaceFile } from '../../data/replaceFile.js';
import { useTemporaryFolder } from '../checkpoints/useTemporaryFolder.js';

describe('replaceFile', () => {
  const at = useTemporaryFolder();

  it('keeps the older file until the new one is committed', async () => {
    writeFileSync(at('a'), 'older');
    const replacement = replaceFile(at('a'));
    writeFileSync(replacement.path, 'newer');
    assert.equal(readFileSync(at('a'), 'utf8'), 'older');
    await replacement.commit();
    assert.equal(readFileSync(at('a'), 'utf8'), 'newer');
    assert.deepEqual(readdirSync(at()), ['a']);
  });

  it('keeps the older file and removes the new one when aborted, also before anything was written', async () => {
    writeFileSync(at('a'), 'older');
    const replacement = replaceFile(at('a'));
    await replacement.abort();
    writeFileSync(replacement.path, 'newer');
    await replacement.abort();
    assert.equal(readFileSync(at('a'), 'utf8'), 'older');
    assert.deepEqual(readdirSync(at()), ['a']);
  });
});
