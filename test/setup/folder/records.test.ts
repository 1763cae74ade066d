import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tensorflowVersion, type EngineFolder } from '../../../setup/folder/engineFolder.mjs';
import { alteredFile, damagedFile, engineFiles, folderBytes } from '../../../setup/folder/records.mjs';

// SHA-256 of `abc`, from FIPS 180-2, appendix B.1.
const abc = { bytes: 3, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' };

describe('the records of an engine', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tercet-records-'));
    mkdirSync(join(folder, 'tensorflow'));
    for (const name of ['tensorflow/a.so', 'b.node']) writeFileSync(join(folder, name), 'abc');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const files = { 'tensorflow/a.so': abc, 'b.node': abc };

  it('find nothing wrong with files as they were recorded', async () => {
    assert.equal(damagedFile(folder, files), undefined);
    assert.equal(await alteredFile(folder, files), undefined);
  });

  it('name a file that is missing and one that was cut off', () => {
    rmSync(join(folder, 'b.node'));
    assert.equal(damagedFile(folder, files), 'b.node');
    writeFileSync(join(folder, 'tensorflow/a.so'), 'ab');
    assert.equal(damagedFile(folder, files), 'tensorflow/a.so');
  });

  it('find a changed byte by its hash only', async () => {
    writeFileSync(join(folder, 'b.node'), 'abd');
    assert.equal(damagedFile(folder, files), undefined);
    assert.equal(await alteredFile(folder, files), 'b.node');
  });

  it('make an engine only together, and only of the version that is installed now', () => {
    const place = {
      libraryRecord: join(folder, 'library.json'),
      bindingRecord: join(folder, 'b.json'),
    } as EngineFolder;
    const record = (name: string, tensorflow: string) => JSON.stringify({ tensorflow, files: { [name]: abc } });
    writeFileSync(place.libraryRecord, record('tensorflow/a.so', tensorflowVersion));
    assert.equal(engineFiles(place), undefined);
    writeFileSync(place.bindingRecord, record('b.node', tensorflowVersion));
    assert.deepEqual(engineFiles(place), files);
    writeFileSync(place.libraryRecord, record('tensorflow/a.so', '2.20.0'));
    assert.equal(engineFiles(place), undefined);
    writeFileSync(place.libraryRecord, record('tensorflow/a.so', tensorflowVersion).slice(0, -5));
    assert.equal(engineFiles(place), undefined);
  });

  it('count the bytes of a folder through all its levels, and none where there is no folder', () => {
    appendFileSync(join(folder, 'b.node'), '12345');
    assert.equal(folderBytes(folder), 3 + 8);
    assert.equal(folderBytes(join(folder, 'absent')), 0);
  });

  // An installation ended with ENOENT, because pip removed a folder of its own while the bytes were counted for the screen.
  it('count on while folders come and go', async () => {
    const churn = `const fs = require('node:fs');
      for (;;) {
        fs.mkdirSync('churn/a/b/c', { recursive: true });
        fs.writeFileSync('churn/a/b/c/file', 'abc');
        fs.rmSync('churn', { recursive: true });
      }`;
    const child = spawn(process.execPath, ['-e', churn], { cwd: folder, stdio: 'ignore' });
    const ended = once(child, 'exit');
    try {
      await once(child, 'spawn');
      const sizes = new Set<number>();
      // A second of counting once both states were met, which takes a busy machine longer.
      let end = Date.now() + 30_000;
      while (Date.now() < end) {
        const before = sizes.size;
        if (sizes.add(folderBytes(folder)).size === 2 && before < 2) end = Date.now() + 1000;
      }
      assert.deepEqual([...sizes].sort(), [6, 9]);
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  });
});
