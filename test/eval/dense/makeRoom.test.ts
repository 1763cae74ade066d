import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { makeRoom } from '../../../eval/dense/makeRoom.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('makeRoom', () => {
  const place = useTemporaryFolder();
  const file = (name: string, bytes: number) => ({ file: place(`kept/${name}.vectors`), bytes });
  /** A file that was used last at a second. */
  const keep = (name: string, bytes: number, usedSeconds: number) => {
    const kept = file(name, bytes);
    mkdirSync(place(`kept/${name.split('/')[0]}`), { recursive: true });
    writeFileSync(kept.file, Buffer.alloc(bytes));
    utimesSync(kept.file, usedSeconds, usedSeconds);
    return kept;
  };
  const isThere = (name: string) => existsSync(place(`kept/${name}.vectors`));

  it('counts on the disk what is to come, not what is there of other texts', async () => {
    // What the model had kept of another corpus was taken off what is to come: the disk was full hours later.
    keep('one/other', 100, 1);
    const wanted = [keep('one/a', 10, 1), file('one/b', 60)];
    const full = await makeRoom(place('kept'), [...wanted, file('one/c', 60)], 1000, 19);
    assert.match(
      full.refusal!,
      /^1\.20e-7 GB are to come, and the disk of .*kept has room for 1\.19e-7 GB; free space/,
    );
    assert.ok(isThere('one/other'));
    full.leave();
    const room = await makeRoom(place('kept'), wanted, 1000, 60);
    assert.equal(room.refusal, undefined);
    assert.ok(isThere('one/other'));
    room.leave();
    assert.equal((await makeRoom(place('kept'), wanted, 1000, 59)).refusal, undefined);
    assert.ok(!isThere('one/other'));
  });

  it('removes no file that is in use, and counts what others are going to keep', async () => {
    // A search failed because its embeddings were removed by another process.
    const first = await makeRoom(place('kept'), [keep('one/a', 40, 1), file('one/b', 40)], 100);
    keep('old/a', 20, 2);
    const second = await makeRoom(place('kept'), [file('two/a', 21)], 100);
    assert.match(second.refusal!, /take 1\.01e-7 GB, above the limit of 1\.00e-7 GB/);
    assert.ok(isThere('one/a') && isThere('old/a'));
    second.leave();
    assert.equal((await makeRoom(place('kept'), [file('two/a', 20)], 100)).refusal, undefined);
    assert.ok(isThere('one/a') && !isThere('old/a'));
    assert.ok(!existsSync(place('kept/old')));
    first.leave();
    assert.equal((await makeRoom(place('kept'), [file('three/a', 80)], 100)).refusal, undefined);
    assert.ok(!isThere('one/a'));
  });

  it('does not heed what processes that are gone were using', async () => {
    const kept = keep('one/a', 40, 1);
    const script = fileURLToPath(new URL('roomAndDie.ts', import.meta.url));
    spawnSync(process.execPath, ['--import', 'tsx', script, place('kept'), kept.file, `${kept.bytes}`]);
    const [use] = readdirSync(place('kept/uses'));
    assert.match(readFileSync(place(`kept/uses/${use}`), 'utf8'), /one\/a\.vectors/);
    assert.equal((await makeRoom(place('kept'), [file('two/a', 70)], 100)).refusal, undefined);
    assert.ok(!isThere('one/a'));
  });
});
