import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { downloadSnapshot } from '../../../checkpoints/hub/downloadSnapshot.js';
import { hubSettings } from '../../../checkpoints/hub/hubSettings.js';
import { UserError } from '../../../configs/userError.js';
import { baseRows, tensorRows } from '../../../model/describe/baseRows.js';
import { describeBase, describeTensors } from '../../../model/describe/describeBase.js';
import { startHubServer, type HubServer } from '../../checkpoints/hub/hubServer.js';
import { quietScreen } from '../../checkpoints/hub/quietScreen.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

const demo = fileURLToPath(new URL('../../../configs/bases/demo', import.meta.url));

describe('describeBase', () => {
  const inFolder = useTemporaryFolder();
  let hub: HubServer;
  before(async () => {
    hub = await startHubServer();
    hub.addFolder('owner/tiny', demo);
  });
  after(() => hub.close());

  const settings = () => hubSettings({ HF_HOME: inFolder(), HF_ENDPOINT: hub.endpoint });
  const row = async (name: string, id = 'owner/tiny') =>
    Object.fromEntries(baseRows(await describeBase(id, settings()), 100))[name];

  it('reads files and shape of a model of the hub without downloading its weights', async () => {
    const described = await describeBase('owner/tiny', settings());
    const config = JSON.parse(await readFile(`${demo}/config.json`, 'utf8')) as { hidden_size: number };
    assert.equal(described.shape!.hidden, config.hidden_size);
    assert.equal(described.hub!.commit, hub.models.get('owner/tiny')!.commit);
    assert.ok(described.files.bytes > 1e6);
    assert.equal(described.files.present, 0);
    assert.ok(!hub.asked.some(({ path }) => path.includes('safetensors')));
    assert.match((await row('files'))!, /^\d+ files, \d+\.\d MB, to download$/);
  });

  it('says what is here already, and all of it when it was downloaded', async () => {
    const place = { id: 'owner/tiny', revision: 'main' };
    await downloadSnapshot(place, 'tokenizer', quietScreen(), { settings: settings() });
    assert.match((await row('files'))!, /^\d+ files, \d+\.\d MB, of which \d+\.\d MB are to download$/);
    await downloadSnapshot(place, 'model', quietScreen(), { settings: settings() });
    assert.match((await row('files'))!, /^\d+ files, \d+\.\d MB, all here$/);
    const described = await describeBase('owner/tiny', settings());
    const rows = tensorRows(await describeTensors(described));
    const config = JSON.parse(await readFile(`${demo}/config.json`, 'utf8')) as { num_hidden_layers: number };
    // An embedding table, a last norm, and in each layer seven matrices, three biases and two norms
    assert.match(
      rows[0]![1],
      new RegExp(`^${2 + 12 * config.num_hidden_layers} tensors, model.embed_tokens.weight to`),
    );
  });

  it('says why a model cannot be had', async () => {
    assert.match((await row('files', 'owner/other'))!, /^the hub has no model owner\/other that everybody may read/);
    await assert.rejects(
      describeBase('owner/tiny', settings()).then(describeTensors),
      (error) => error instanceof UserError && /--tensors needs it downloaded$/.test(error.message),
    );
  });

  it('estimates the time from the speed that was measured', async () => {
    const { operationsPerToken } = await describeBase(demo);
    const matrices = operationsPerToken!.encoding / 2;
    assert.equal(operationsPerToken!.training, 6 * matrices);
    const gflops = (6 * matrices * 1e6) / 60 / 1e9; // so that a million tokens take a minute
    const time = Object.fromEntries(baseRows(await describeBase(demo), gflops))['time'];
    assert.equal(time, 'about 60 s to train on a million tokens, 20 s to encode them, at the speed above');
  });
});
