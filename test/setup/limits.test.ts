import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../../configs/cli/homePath.js';
import { limitTrouble } from '../../setup/limits.mjs';
import { useTemporaryFolder } from '../checkpoints/useTemporaryFolder.js';

// Each of these ended in a stack of Node's or of the library that reads TypeScript, or, with TMPDIR=/proc, never.
describe('limitTrouble', () => {
  const place = useTemporaryFolder();
  const limits = (files: string, addresses: string) =>
    [
      'Limit                     Soft Limit           Hard Limit           Units     ',
      'Max cpu time              unlimited            unlimited            seconds   ',
      `Max open files            ${files.padEnd(21)}20000                files     `,
      `Max address space         ${addresses.padEnd(21)}unlimited            bytes     `,
    ].join('\n');

  it('is none where enough is allowed, or nothing tells', () => {
    assert.equal(limitTrouble(limits('1024', 'unlimited'), place()), undefined);
    assert.equal(limitTrouble('', place()), undefined);
  });

  it('names the limit, what it is and how it is raised', () => {
    assert.equal(
      limitTrouble(limits('255', 'unlimited'), place()),
      '255 files may be open at a time (ulimit -n), and 256 are needed; raise that',
    );
    assert.match(
      limitTrouble(limits('256', '8000000000'), place())!,
      /^the address space is limited to 8\.0 GB .*; lift/,
    );
  });

  it('makes the temporary folder, or says that it cannot', () => {
    assert.equal(limitTrouble('', place('made/of/steps')), undefined);
    assert.ok(existsSync(place('made/of/steps')));
    writeFileSync(place('file'), '');
    for (const folder of [
      place('file'),
      place('file/below'),
      ...(existsSync('/proc/self') ? ['/proc', '/proc/x'] : []),
    ])
      assert.match(
        limitTrouble('', folder)!,
        /^the folder for temporary files, .*, cannot be written \(E[A-Z]+\); name another/,
      );
  });

  it('ends a real command before it begins', function () {
    if (!existsSync('/proc/self/limits')) this.skip();
    const { status, stderr } = spawnSync('sh', ['-c', `ulimit -n 64; exec "${process.execPath}" setup.mjs`], {
      cwd: checkout,
      encoding: 'utf8',
    });
    assert.deepEqual(
      [status, stderr],
      [2, 'error: 64 files may be open at a time (ulimit -n), and 256 are needed; raise that\n'],
    );
    const env = { ...process.env, TMPDIR: join(checkout, 'package.json') };
    assert.equal(spawnSync(process.execPath, ['setup.mjs'], { cwd: checkout, env }).status, 2);
  });
});
