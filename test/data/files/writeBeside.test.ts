import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { growFile, stageFile, writeBeside, writeTogether } from '../../../data/files/writeBeside.js';
import { ownerOf } from '../../../setup/lock/owner.mjs';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

/** A process that has ended. */
const dead = ownerOf(spawnSync(process.execPath, ['--version']).pid);

describe('writeBeside', () => {
  const place = useTemporaryFolder();

  it('makes the folders it needs and replaces an older file', async () => {
    await writeBeside(place('a/b.txt'), 'one');
    await writeBeside(place('a/b.txt'), 'two');
    assert.equal(await readFile(place('a/b.txt'), 'utf8'), 'two');
    assert.deepEqual(await readdir(place('a')), ['b.txt']);
  });

  it('keeps the older file when writing fails', async () => {
    await writeBeside(place('file'), 'older');
    const failing = async () => {
      assert.equal((await readdir(place())).length, 2); // the new one is written beside
      throw new Error('out of ideas');
    };
    await assert.rejects(writeBeside(place('file'), failing), /out of ideas/);
    assert.deepEqual(await readdir(place()), ['file']);
    assert.equal(await readFile(place('file'), 'utf8'), 'older');
  });

  it('removes what dead processes left of this file, and nothing else', async () => {
    // Of another container, which may be writing it: judged by the process number alone, it was removed.
    const unseen = 'file.partial-7-1-0-abcdef01-abcdef02-1';
    const left = [`file.partial-${dead}`, `file.partial-${ownerOf(process.ppid)}`, unseen, `other.partial-${dead}`];
    for (const name of left) await writeFile(place(name), 'half');
    await writeBeside(place('file'), 'whole');
    assert.deepEqual((await readdir(place())).sort(), ['file', ...left.slice(1)].sort());
  });
});

describe('stageFile', () => {
  const place = useTemporaryFolder();

  it('gives the name only at commit', async () => {
    await writeBeside(place('file'), 'older');
    const staged = await stageFile(place('file'), 'newer');
    assert.equal(await readFile(place('file'), 'utf8'), 'older');
    await staged.commit();
    assert.equal(await readFile(place('file'), 'utf8'), 'newer');
  });

  it('leaves nothing after discard', async () => {
    await (await stageFile(place('file'), 'newer')).discard();
    assert.deepEqual(await readdir(place()), []);
  });
});

describe('writeTogether', () => {
  const place = useTemporaryFolder();

  it('changes all files, or none', async () => {
    const stage = (name: string, text: string) => () => stageFile(place(name), text);
    await writeTogether([stage('a', 'older'), stage('b', 'older')]);
    const failing = () => Promise.reject(new Error('stop'));
    await assert.rejects(writeTogether([stage('a', 'newer'), failing]), /stop/);
    assert.deepEqual(await readdir(place()), ['a', 'b']);
    assert.equal(await readFile(place('a'), 'utf8'), 'older');
  });

  it('leaves nothing staged when a file cannot get its name', async () => {
    const unnameable = async () => {
      const staged = await stageFile(place('a'), 'newer');
      return { ...staged, commit: () => Promise.reject(new Error('stop')) };
    };
    await assert.rejects(writeTogether([unnameable, () => stageFile(place('b'), 'newer')]), /stop/);
    assert.deepEqual(await readdir(place()), []);
  });
});

describe('growFile', () => {
  const place = useTemporaryFolder();

  it('gathers pieces beside the older file, which they replace at commit', async () => {
    await writeBeside(place('file'), 'older');
    const growing = await growFile(place('file'));
    await growing.append('new');
    await growing.append(Buffer.from('er'));
    assert.equal(await readFile(place('file'), 'utf8'), 'older');
    await growing.commit();
    assert.equal(await readFile(place('file'), 'utf8'), 'newer');
    assert.deepEqual(await readdir(place()), ['file']);
  });

  it('leaves the older file alone after discard', async () => {
    await writeBeside(place('file'), 'older');
    const growing = await growFile(place('file'));
    await growing.append('newer');
    await growing.discard();
    assert.equal(await readFile(place('file'), 'utf8'), 'older');
    assert.deepEqual(await readdir(place()), ['file']);
  });

  it('leaves nothing of a file that passes the limit of its size, and says so in one line', async () => {
    const script = `
      import { growFile } from '${new URL('../../../data/files/writeBeside.ts', import.meta.url).href}';
      const file = await growFile(${JSON.stringify(place('large'))});
      await file.append(Buffer.alloc(1_000_000)).catch((error) => console.log(error.name, error.message));`;
    const command = `ulimit -f 200; exec ${process.execPath} --import tsx --input-type=module`;
    const { stdout } = spawnSync('bash', ['-c', command], { input: script, encoding: 'utf8' });
    assert.match(stdout, /^UserError cannot write [^\n]*large: [^\n]*ulimit -f[^\n]*\n$/);
    assert.deepEqual(await readdir(place()), []);
  });
});

describe('an output place that cannot be written', () => {
  const place = useTemporaryFolder();
  beforeEach(() => writeFile(place('file'), ''));
  const outputs = [
    ['within a file', 'file/x.arrow', /cannot write .*file\/x\.arrow: a file is in the place of a folder/],
    ['deep within a file', 'file/a/x.arrow', /cannot write .*file\/a\/x\.arrow: a file is in the place of a folder/],
    ['that is a folder', '', /cannot write .*: it is a folder; name a file/],
  ] as const;
  for (const [what, name, message] of outputs)
    for (const [how, write] of [
      ['writeBeside', (path: string) => writeBeside(path, 'x')],
      ['growFile', growFile],
    ] as const)
      it(`is the user's mistake in ${how}: one ${what}`, async () => {
        await assert.rejects(write(place(name)), { name: 'UserError', message });
      });
});
