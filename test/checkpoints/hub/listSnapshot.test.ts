import assert from 'node:assert/strict';
import { cachePlaces } from '../../../checkpoints/hub/hubCache.js';
import { hubSettings } from '../../../checkpoints/hub/hubSettings.js';
import { hubFile } from '../../../checkpoints/hub/listSnapshot.js';
import { UserError } from '../../../configs/userError.js';

describe('what the hub says', () => {
  const oid = 'a'.repeat(40);
  const sha256 = 'b'.repeat(64);

  it('gives a file its name in the cache by its hash', () => {
    assert.equal(hubFile('config.json', 3, oid, undefined).blob, oid);
    assert.equal(hubFile('below/model.safetensors', 3, oid, sha256).blob, sha256);
  });

  // An object id became a path as it came: `../../..` led out of the cache.
  it('never becomes a path out of the cache', () => {
    const wrong: Parameters<typeof hubFile>[] = [
      ['config.json', 3, '../../../outside', undefined],
      ['config.json', 3, oid, `${'b'.repeat(61)}/..`],
      ['../config.json', 3, oid, undefined],
      ['/etc/config.json', 3, oid, undefined],
      ['below\\config.json', 3, oid, undefined],
    ];
    for (const file of wrong) assert.throws(() => hubFile(...file), UserError, file[0]);
  });

  it('nor does a revision, which the file of an adapter may state', () => {
    const places = cachePlaces('/cache', 'owner/model');
    assert.equal(places.ref('refs/pr/1'), '/cache/models--owner--model/refs/refs/pr/1');
    for (const revision of ['../../outside', '/etc/x', 'a/../../../b'])
      assert.throws(() => places.ref(revision), UserError, revision);
  });

  it('an address that is none is refused without being shown', () => {
    assert.throws(
      () => hubSettings({ HF_ENDPOINT: 'https://me:s3cret@ho st' }),
      (error: Error) => error instanceof UserError && !error.message.includes('s3cret'),
    );
  });
});
