import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { baseReference } from '../../../checkpoints/hub/baseReference.js';
import { fetchBase, refetchBase } from '../../../checkpoints/hub/fetchBase.js';
import { hubSettings } from '../../../checkpoints/hub/hubSettings.js';
import { resolveBase } from '../../../configs/load/resolveBase.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';
import { startHubServer, type HubServer } from './hubServer.js';
import { quietScreen } from './quietScreen.js';

const demo = fileURLToPath(new URL('../../../configs/bases/demo', import.meta.url));

describe('fetchBase', () => {
  const inFolder = useTemporaryFolder();
  let hub: HubServer;
  before(async () => {
    hub = await startHubServer();
    hub.addFolder('owner/tiny', demo);
  });
  after(() => hub.close());

  const options = () => ({
    screen: quietScreen(),
    settings: hubSettings({ HF_HOME: inFolder(), HF_ENDPOINT: hub.endpoint }),
  });

  it('leaves a folder where it is', async () => {
    assert.deepEqual(await fetchBase(resolveBase(demo)), { name: 'demo', recipe: 'study', folder: demo });
  });

  it('tells the commit that was downloaded, by which an adapter names its base', async () => {
    const { commit } = hub.models.get('owner/tiny')!;
    const base = await fetchBase(resolveBase('owner/tiny'), options());
    assert.deepEqual(base.hub, { id: 'owner/tiny', commit });
    assert.equal(base.folder, inFolder(`hub/models--owner--tiny/snapshots/${commit}`));
    assert.deepEqual(baseReference(base), { base: 'owner/tiny', revision: commit });
    assert.deepEqual(baseReference({ folder: demo }), { base: demo });
  });

  it("brings a run's base back when the cache was emptied or is another one, at its commit", async () => {
    const first = options();
    const base = await fetchBase(resolveBase('owner/tiny'), first);
    assert.equal(await refetchBase(base, first), base);
    await rm(inFolder('hub'), { recursive: true });
    hub.asked.length = 0;
    assert.deepEqual(await refetchBase(base, options()), base);
    assert.ok(hub.asked.some(({ path }) => path.startsWith(`/api/models/owner/tiny/revision/${base.hub!.commit}`)));
    const mine = { name: 'mine', folder: join(demo, 'gone') };
    assert.equal(await refetchBase(mine, options()), mine);
  });

  it('notices that what is stated of a base is not what came', async () => {
    const named = resolveBase('qwen-math');
    hub.addFolder('Qwen/Qwen2.5-Math-7B', demo);
    const source = { id: 'Qwen/Qwen2.5-Math-7B', revision: 'main' };
    await assert.rejects(
      fetchBase({ ...named, source }, options()),
      /config\.json gives hidden \d+; configs\/bases\/qwen-math\.yaml must say the same$/,
    );
  });
});
