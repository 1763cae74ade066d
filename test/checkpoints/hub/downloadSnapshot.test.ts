import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { downloadSnapshot, type DownloadOptions } from '../../../checkpoints/hub/downloadSnapshot.js';
import { hubSettings } from '../../../checkpoints/hub/hubSettings.js';
import type { Wanted } from '../../../checkpoints/hub/neededFiles.js';
import { UserError } from '../../../configs/userError.js';
import { startCommand } from '../../runCommand.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';
import { startHubServer, type Asked, type HubServer } from './hubServer.js';
import { quietScreen } from './quietScreen.js';

const quick = { tries: 3, firstWaitMs: 1, longestWaitMs: 1500 };

describe('downloadSnapshot', () => {
  const inFolder = useTemporaryFolder();
  let hub: HubServer;
  const weights = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251));
  const files = {
    'config.json': '{"a":1}',
    'tokenizer.json': '{"b":2}',
    'tokenizer_config.json': '{"c":3}',
    'model.safetensors': weights,
    'pytorch_model.bin': 'not wanted',
    'README.md': 'not wanted',
    'onnx/model.safetensors': 'not wanted',
  };

  beforeEach(async () => {
    hub = await startHubServer();
  });
  afterEach(() => hub.close());

  const environment = () => ({ HF_HOME: inFolder(), HF_ENDPOINT: hub.endpoint });
  const settings = (more: Record<string, string> = {}) => hubSettings({ ...environment(), ...more });
  const screen = quietScreen();

  const download = (
    { id = 'owner/model', revision = 'main' } = {},
    options: DownloadOptions & { wanted?: Wanted } = {},
  ) =>
    downloadSnapshot({ id, revision }, options.wanted ?? 'model', screen, {
      settings: settings(),
      patience: quick,
      ...options,
    });

  async function refusal(work: Promise<unknown>): Promise<string> {
    const error: unknown = await work.then(
      () => assert.fail('nothing was refused'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof UserError, String(error instanceof Error ? error.stack : error));
    assert.ok(!error.message.includes('\n'), error.message);
    return error.message
      .replaceAll(hub.endpoint, 'HUB')
      .replaceAll(new URL(hub.endpoint).host, 'HOST')
      .replaceAll(inFolder(), 'HOME');
  }

  const isWeights = ({ host, method }: Asked) => host === 'cdn' && method === 'GET';

  it('lays files out as the Python library does: blobs by hash, snapshots of links, refs', async () => {
    const { commit } = hub.add('owner/model', files);
    const found = await download();
    const home = inFolder('hub/models--owner--model');
    assert.deepEqual(found, { folder: join(home, 'snapshots', commit), commit });
    assert.equal(await readFile(join(home, 'refs/main'), 'utf8'), commit);
    const names = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
    assert.deepEqual((await readdir(found.folder)).sort(), names);
    // what `git hash-object` says of {"a":1}
    assert.equal(
      await readlink(join(found.folder, 'config.json')),
      '../../blobs/daa5053ecf5f9a37b2de733d0751cc1ab53ac010',
    );
    assert.deepEqual(await readFile(join(found.folder, 'model.safetensors')), weights);
    assert.equal((await readdir(join(home, 'blobs'))).length, 4);
  });

  it('asks nothing about a commit that is there, and only for the commit of a branch', async () => {
    const { commit } = hub.add('owner/model', files);
    await download();
    hub.asked.length = 0;
    await download({ revision: commit });
    assert.equal(hub.asked.length, 0);
    await download();
    assert.deepEqual(
      hub.asked.map(({ path }) => path.split('?')[0]),
      ['/api/models/owner/model/revision/main', `/api/models/owner/model/tree/${commit}`],
    );
    assert.equal((await download({}, { settings: settings({ HF_HUB_OFFLINE: '1' }) })).commit, commit);
  });

  it('fetches the tokenizer alone, and later the rest without fetching that again', async () => {
    hub.add('owner/model', files);
    const { folder } = await download({}, { wanted: 'tokenizer' });
    assert.deepEqual((await readdir(folder)).sort(), ['config.json', 'tokenizer.json', 'tokenizer_config.json']);
    hub.asked.length = 0;
    await download();
    assert.deepEqual(
      hub.asked.filter(({ path }) => path.includes('/resolve/')).map(({ path }) => path.split('/').at(-1)),
      ['model.safetensors'],
    );
  });

  it('goes on where connections were cut, fetching no byte twice', async () => {
    hub.add('owner/model', files);
    let cuts = 0;
    hub.fault = (asked) => (isWeights(asked) && cuts++ < 4 ? { cutAfter: 70_000 } : undefined);
    const { folder } = await download();
    assert.deepEqual(await readFile(join(folder, 'model.safetensors')), weights);
    assert.equal(cuts, 5);
    assert.equal(hub.sent.get('/owner/model/model.safetensors'), weights.length);
    const ranges = hub.asked.filter(isWeights).map(({ range }) => range);
    assert.deepEqual(ranges, [undefined, 'bytes=70000-', 'bytes=140000-', 'bytes=210000-', 'bytes=280000-']);
  });

  it('sends the token to the hub and to no other host', async () => {
    hub.add('owner/model', files);
    await download({}, { settings: settings({ HF_TOKEN: 'secret' }) });
    const carried = (host: Asked['host']) =>
      new Set(hub.asked.filter((a) => a.host === host).map((a) => a.authorization));
    assert.deepEqual([...carried('hub')], ['Bearer secret']);
    assert.deepEqual([...carried('cdn')], [undefined]);
  });

  it('tells a file that is not the published one, and keeps none of it', async () => {
    hub.add('owner/model', files);
    hub.fault = (asked) => (isWeights(asked) ? { corrupt: true } : undefined);
    const message = await refusal(download());
    assert.match(message, /model\.safetensors must have the sha256 [0-9a-f]{64}; got [0-9a-f]{64}; it is not the file/);
    const blobs = await readdir(inFolder('hub/models--owner--model/blobs'));
    assert.ok(!blobs.some((name) => name.length === 64 || name.endsWith('.incomplete')), blobs.join());
  });

  it('tells a size that is not the published one', async () => {
    hub.add('owner/model', files);
    hub.fault = (asked) => (isWeights(asked) ? { headers: { 'content-length': '299999' } } : undefined);
    assert.match(await refusal(download()), /must have 300000 bytes; the server sends 299999; it is not the file/);
  });

  it('starts a damaged partial file over', async () => {
    hub.add('owner/model', files);
    hub.fault = (asked) => (isWeights(asked) ? { status: 403 } : undefined);
    await refusal(download());
    hub.fault = () => undefined;
    const blobs = inFolder('hub/models--owner--model/blobs');
    const partial = (await readdir(blobs)).find((name) => /^[0-9a-f]{64}\.incomplete$/.test(name))!;
    await writeFile(join(blobs, partial), Buffer.alloc(100_000, 9));
    const { folder } = await download();
    assert.deepEqual(await readFile(join(folder, 'model.safetensors')), weights);
    assert.equal(screen.bars.at(-1)!.total - screen.bars.at(-1)!.present, 200_000);
  });

  it('ends a connection that has fallen silent and goes on with another', async () => {
    hub.add('owner/model', files);
    let asked = 0;
    hub.fault = (one) => (isWeights(one) && asked++ === 0 ? { stallAfter: 65_536 } : undefined);
    const { folder } = await download({}, { idleMs: 200 });
    assert.deepEqual(await readFile(join(folder, 'model.safetensors')), weights);
    assert.match(screen.lines.join('\n'), /has sent nothing for 0 s; trying again/);
  });

  it('takes the whole file from a server that knows no ranges', async () => {
    hub.add('owner/model', files);
    let asked = 0;
    hub.fault = (one) => (isWeights(one) ? (asked++ === 0 ? { cutAfter: 70_000 } : { ignoreRange: true }) : undefined);
    const { folder } = await download();
    assert.deepEqual(await readFile(join(folder, 'model.safetensors')), weights);
  });

  it('waits as long as a busy server asks, a bounded number of times', async () => {
    hub.add('owner/model', files);
    let refused = 0;
    hub.fault = (asked) =>
      isWeights(asked) && refused++ < 2
        ? { status: refused === 1 ? 429 : 503, headers: refused === 1 ? { 'retry-after': '1' } : {} }
        : undefined;
    const startMs = Date.now();
    await download();
    assert.ok(Date.now() - startMs >= 1000, 'Retry-After was not honoured');
    hub.fault = (asked) => (asked.path.startsWith('/api/') ? { status: 500 } : undefined);
    hub.asked.length = 0;
    assert.match(
      await refusal(download({ id: 'owner/other' })),
      /^owner\/other cannot be had from the hub: HOST answers 500 .*, or set HF_ENDPOINT to a mirror$/,
    );
    assert.equal(hub.asked.length, quick.tries);
  });

  it('does not wait for hours when a server asks that', async () => {
    hub.add('owner/model', files);
    hub.fault = () => ({ status: 429, headers: { ratelimit: '"api";r=0;t=7200' } });
    assert.match(await refusal(download()), /answers 429 .*; it asks to wait 7200 s: run again then/);
  });

  it('says how to get at a gated, private or absent model', async () => {
    const gated = { status: 403, headers: { 'x-error-code': 'GatedRepo', 'x-error-message': 'Access is restricted' } };
    hub.fault = () => gated;
    assert.equal(
      await refusal(download()),
      'owner/model is gated: accept its terms at HUB/owner/model, then set HF_TOKEN to a token of yours',
    );
    assert.equal(
      await refusal(download({}, { settings: settings({ HF_TOKEN: 'hf_x' }) })),
      'owner/model is gated, and the token in HF_TOKEN has no access: accept its terms at HUB/owner/model with that account',
    );
    hub.fault = () => ({ status: 401, headers: { 'x-error-message': 'Invalid credentials in Authorization header' } });
    await writeFile(inFolder('token'), 'hf_old\n');
    assert.equal(
      await refusal(download({}, { settings: settings() })),
      'the hub does not accept the token in HOME/token; renew it, or remove it to go without',
    );
    hub.fault = () => undefined;
    await rm(inFolder('token'));
    assert.equal(
      await refusal(download({ id: 'owner/modle' })),
      'the hub has no model owner/modle that everybody may read; check the name, or set HF_TOKEN if it is private',
    );
    hub.add('owner/model', files);
    assert.equal(
      await refusal(download({ revision: 'v9' })),
      'owner/model has no revision v9 on the hub; name a commit, branch or tag it has, or none',
    );
  });

  it('follows a model that was renamed and says so', async () => {
    hub.add('owner/new-name', files);
    hub.moved.set('owner/model', 'owner/new-name');
    const { folder } = await download();
    assert.deepEqual(await readFile(join(folder, 'model.safetensors')), weights);
    assert.ok(screen.lines.includes('hub     owner/model is now called owner/new-name'));
  });

  it('refuses a model without safetensors before it downloads anything', async () => {
    hub.add('owner/model', { 'config.json': '{}', 'pytorch_model.bin': 'x' });
    assert.match(await refusal(download()), /^owner\/model@[0-9a-f]{40} holds weights for PyTorch only; /);
    assert.ok(!hub.asked.some(({ path }) => path.includes('/resolve/')));
  });

  it('says offline what is missing, and without a network takes what is there', async () => {
    assert.equal(
      await refusal(download({}, { settings: settings({ HF_HUB_OFFLINE: '1' }) })),
      'owner/model is not complete in HOME/hub, and HF_HUB_OFFLINE forbids to download it; unset that, or set HF_HOME',
    );
    const { commit } = hub.add('owner/model', files);
    await download();
    await hub.close();
    assert.equal((await download()).commit, commit);
    assert.match(screen.lines.at(-1)!, /^hub {5}not reached; taking owner\/model as it was downloaded before, at /);
    assert.match(
      await refusal(download({ id: 'owner/other' })),
      /^owner\/other cannot be had from the hub: HOST refuses/,
    );
    const nowhere = settings({ HF_ENDPOINT: 'http://hub.invalid' });
    assert.match(
      await refusal(download({ id: 'owner/other' }, { settings: nowhere })),
      /(no address is known|no name server answers) for hub\.invalid; check the network/,
    );
  });

  it('takes a snapshot whose blob was removed for incomplete and mends it', async () => {
    const { commit } = hub.add('owner/model', files);
    const { folder } = await download();
    await rm(await realpath(join(folder, 'model.safetensors')));
    await download({ revision: commit });
    assert.deepEqual(await readFile(join(folder, 'model.safetensors')), weights);
  });

  it('says in one line that the cache cannot be written', async () => {
    hub.add('owner/model', files);
    await mkdir(inFolder('hub'));
    await writeFile(inFolder('hub/models--owner--model'), 'in the way');
    assert.match(await refusal(download()), /^cannot write .*: a file is in the place of a folder on the way/);
  });

  describe('in processes of their own', () => {
    const start = () => startCommand('test/checkpoints/hub/downloadOnce.ts', [], process.cwd(), environment());
    const blobs = () => inFolder('hub/models--owner--model/blobs');
    const partialBytes = async () => {
      const name =
        existsSync(blobs()) && (await readdir(blobs())).find((one) => /^[0-9a-f]{64}\.incomplete$/.test(one));
      return name ? (await stat(join(blobs(), name))).size : 0;
    };

    it('goes on after a kill in the middle, fetching the rest only', async () => {
      hub.add('owner/model', files);
      hub.fault = (asked) => (isWeights(asked) ? { slow: { bytes: 10_000, ms: 60 } } : undefined);
      const { child, finished } = start();
      while ((await partialBytes()) < 50_000) await sleep(10);
      child.kill('SIGKILL');
      await finished;
      const had = await partialBytes();
      hub.fault = () => undefined;
      hub.asked.length = 0;
      const { folder } = await download();
      assert.deepEqual(await readFile(join(folder, 'model.safetensors')), weights);
      assert.deepEqual(
        hub.asked.filter(isWeights).map(({ range }) => range),
        [`bytes=${had}-`],
      );
    });

    it('an interruption ends with 130, says how to go on and leaves no lock', async () => {
      hub.add('owner/model', files);
      hub.fault = (asked) => (isWeights(asked) ? { slow: { bytes: 10_000, ms: 60 } } : undefined);
      const { child, finished } = start();
      while ((await partialBytes()) < 20_000) await sleep(10);
      child.kill('SIGINT');
      const { code, errors } = await finished;
      assert.equal(code, 130);
      assert.match(errors, /^interrupted; the same command goes on where the download stopped$/m);
      assert.deepEqual(await readdir(inFolder('hub/.locks/models--owner--model')), []);
      assert.ok((await partialBytes()) >= 20_000);
    });

    it('two at once fetch each byte once, and the second says that it waits', async () => {
      hub.add('owner/model', files);
      let goOn = () => {};
      const until = new Promise<void>((resolve) => (goOn = resolve));
      hub.fault = (asked) => (isWeights(asked) ? { until } : undefined);
      const first = start();
      while ((await partialBytes()) === 0) await sleep(10);
      const second = start();
      second.child.stderr.on('data', (text) => String(text).includes('waiting') && goOn());
      const [one, other] = await Promise.all([first.finished, second.finished]);
      assert.deepEqual([one.code, other.code], [0, 0], one.errors + other.errors);
      assert.equal(one.output, other.output);
      assert.match(
        other.errors,
        new RegExp(`waiting for process ${first.child.pid}, which downloads model.safetensors too`),
      );
      assert.equal(hub.sent.get('/owner/model/model.safetensors'), weights.length);
    });
  });
});
