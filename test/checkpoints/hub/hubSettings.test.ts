import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { hubSettings } from '../../../checkpoints/hub/hubSettings.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

describe('hubSettings', () => {
  const inFolder = useTemporaryFolder();

  it('has the defaults of the Python library', () => {
    const { endpoint, cache, offline } = hubSettings({});
    assert.equal(endpoint, 'https://huggingface.co');
    assert.equal(cache, join(homedir(), '.cache/huggingface/hub'));
    assert.equal(offline, false);
  });

  it('finds the cache by the most particular variable that is set', () => {
    const cacheOf = (environment: Record<string, string>) => hubSettings(environment).cache;
    assert.equal(cacheOf({ XDG_CACHE_HOME: '/x' }), '/x/huggingface/hub');
    assert.equal(cacheOf({ XDG_CACHE_HOME: '/x', HF_HOME: '/h' }), '/h/hub');
    assert.equal(cacheOf({ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old' }), '/old');
    assert.equal(cacheOf({ HF_HOME: '/h', HF_HUB_CACHE: '/c', HUGGINGFACE_HUB_CACHE: '/old' }), '/c');
    assert.equal(cacheOf({ HF_HOME: '~/hf' }), join(homedir(), 'hf/hub'));
    assert.equal(cacheOf({ HF_HUB_CACHE: '$SCRATCH/hub', SCRATCH: '/s' }), '/s/hub');
    assert.equal(cacheOf({ HF_HOME: '' }), join(homedir(), '.cache/huggingface/hub'));
  });

  it('takes the token of a variable before that of a file, and none when told so', async () => {
    await writeFile(inFolder('token'), 'from-file\n');
    const home = { HF_HOME: inFolder() };
    const tokenOf = (environment: Record<string, string>) => hubSettings({ ...home, ...environment }).token;
    assert.equal(tokenOf({}), 'from-file');
    assert.equal(tokenOf({ HF_TOKEN: ' from-variable ' }), 'from-variable');
    assert.equal(tokenOf({ HUGGING_FACE_HUB_TOKEN: 'older' }), 'older');
    assert.equal(tokenOf({ HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' }), undefined);
    assert.equal(hubSettings({ HF_HOME: inFolder('elsewhere') }).token, undefined);
  });

  it('reads what counts as true, and a mirror with or without a slash', () => {
    for (const value of ['1', 'ON', 'yes', 'True']) assert.ok(hubSettings({ HF_HUB_OFFLINE: value }).offline, value);
    for (const value of ['0', '', 'no']) assert.ok(!hubSettings({ HF_HUB_OFFLINE: value }).offline, value);
    assert.ok(hubSettings({ TRANSFORMERS_OFFLINE: '1' }).offline);
    assert.equal(hubSettings({ HF_ENDPOINT: 'https://mirror/' }).endpoint, 'https://mirror');
  });
});
