import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../../setup/library/unpackWheel.py', import.meta.url));
const python = (args: string[], input = '') => spawnSync('python3', args, { input, encoding: 'utf8' });

describe('unpackWheel.py', () => {
  let folder: string;
  let wheel: string;
  before(function () {
    if (python(['-c', 'import zipfile, zlib']).status !== 0) {
      console.log('skipped: python3 was not found');
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'tercet-wheel-'));
    wheel = join(folder, 'a.whl');
    const make = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:
    for name in ['nvidia/cudnn/lib/libcudnn.so.9', 'nvidia/cudnn/include/cudnn.h', 'tensorflow/c.h']: z.writestr(name, 'abc')
    program = zipfile.ZipInfo('nvidia/cuda_nvcc/bin/ptxas')
    program.external_attr = 0o100744 << 16
    z.writestr(program, 'abc')`;
    assert.equal(python(['-c', make, wheel]).status, 0);
  });
  after(() => folder && rmSync(folder, { recursive: true }));

  // SHA-256 of `abc`, from FIPS 180-2, appendix B.1.
  const abc = { bytes: 3, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' };
  const unpack = (wanted: unknown, target: string) =>
    python([script, wheel, join(folder, target)], JSON.stringify(wanted));

  it('unpacks the files that are named, and reports their sizes and hashes', () => {
    const { stdout } = unpack(['tensorflow/c.h'], 'one');
    assert.deepEqual(JSON.parse(stdout), { files: { 'tensorflow/c.h': abc } });
    assert.equal(readFileSync(join(folder, 'one/tensorflow/c.h'), 'utf8'), 'abc');
    assert.ok(!existsSync(join(folder, 'one/nvidia')));
  });

  it('unpacks the files that a pattern describes', () => {
    const { stdout } = unpack('^nvidia/[a-z_]+/lib/[^/]+\\.so[^/]*$', 'two');
    assert.deepEqual(JSON.parse(stdout), { files: { 'nvidia/cudnn/lib/libcudnn.so.9': abc } });
  });

  // XLA could not start ptxas: what was a program in the wheel was none in the engine folder.
  it('leaves a program one, and makes nothing else a program', () => {
    unpack(['nvidia/cuda_nvcc/bin/ptxas', 'tensorflow/c.h'], 'programs');
    const mode = (name: string) => statSync(join(folder, 'programs', name)).mode & 0o111;
    assert.equal(mode('nvidia/cuda_nvcc/bin/ptxas'), 0o111);
    assert.equal(mode('tensorflow/c.h'), 0);
  });

  it('fails when a named file is not in the wheel, and when the wheel is damaged', () => {
    assert.notEqual(unpack(['tensorflow/d.h'], 'three').status, 0);
    const damaged = Buffer.from(readFileSync(wheel));
    damaged[damaged.indexOf('libcudnn.so.9') + 'libcudnn.so.9'.length + 1]! ^= 0xff; // a byte of the packed content
    writeFileSync(join(folder, 'damaged.whl'), damaged);
    const wanted = JSON.stringify(['nvidia/cudnn/lib/libcudnn.so.9']);
    assert.notEqual(python([script, join(folder, 'damaged.whl'), join(folder, 'four')], wanted).status, 0);
  });
});
