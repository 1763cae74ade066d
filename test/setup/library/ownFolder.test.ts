import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { foreignFile, requireOwnFolder } from '../../../setup/library/ownFolder.mjs';

describe('a folder of the engine', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tercet-own-engine-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const put = (name: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), '');
  };

  it('is known by what an installation puts there, whole or interrupted', () => {
    for (const name of [
      'library.json',
      'tensorflow/libtensorflow_cc.so.2',
      'tensorflow/include/tensorflow/c/eager/c_api.h',
      'tensorflow/include/xla/tsl/c/tsl_status.h',
      'nvidia/cudnn/lib/libcudnn_ops.so.9',
      'tfjs_binding-4.22.0-4e5fbfc6698a.node',
      'tfjs_binding-4.22.0-4e5fbfc6698a-fused-ops.node',
      'tfjs_binding-4.22.0-4e5fbfc6698a.json.partial-1a2b',
      `downloads/${'a1'.repeat(32)}.whl`,
      'downloads/pip/pip-unpack-x/wheel.whl',
    ])
      put(name);
    assert.equal(foreignFile(folder), undefined);
    assert.equal(foreignFile(join(folder, 'absent')), undefined);
  });

  // Folders of that name, with .partial or .old behind it, were removed with all that was in them.
  for (const name of ['notes.txt', 'tensorflow/models/mine.pb', 'nvidia/readme', 'downloads/paper.pdf'])
    it(`is not replaced where it holds ${name}`, () => {
      put('library.json');
      put(name);
      assert.throws(() => requireOwnFolder(folder), {
        message: `${folder} holds ${name}, which setup did not put there, so it is not replaced`,
        remedy: 'move that away, or name a folder elsewhere in TERCET_ENGINE',
      });
    });
});
