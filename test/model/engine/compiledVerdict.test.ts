import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledVerdict, keepVerdict } from '../../../model/engine/compiledVerdict.js';

describe('compiledVerdict', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tercet-verdict-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const settings = (...names: string[]) => ({
    TF_XLA_FLAGS: names.map((name) => `--tf_xla_persistent_cache_directory=${join(folder, name)}`).join(' '),
  });

  it('is kept where TensorFlow keeps what it compiled, for that folder alone, until it is tried again', () => {
    const verdict = { works: false, why: 'it differs' };
    assert.equal(compiledVerdict(settings('card')), undefined);
    keepVerdict(settings('other', 'card'), verdict); // of two settings TensorFlow takes the last
    assert.deepEqual(compiledVerdict(settings('card')), verdict);
    assert.deepEqual(readdirSync(join(folder, 'card')), ['verdict.json']);
    assert.equal(compiledVerdict(settings('other')), undefined);
    keepVerdict(settings('card'), undefined);
    assert.equal(compiledVerdict(settings('card')), undefined);
  });

  it('is none where nothing is kept', () => {
    keepVerdict({}, { works: true, why: '' });
    assert.equal(compiledVerdict({}), undefined);
  });
});
