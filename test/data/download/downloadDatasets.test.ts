import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Dataset } from '../../../configs/load/datasetFile.js';
import { UserError } from '../../../configs/userError.js';
import type { HubDatasetFile } from '../../../data/download/datasetFiles.js';
import { datasetState } from '../../../data/download/datasetState.js';
import { filesBelow } from '../../../data/files/filesBelow.js';
import { downloadDatasets, type DatasetOptions } from '../../../data/download/downloadDatasets.js';
import { UnreachableError } from '../../../data/download/web/webErrors.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { makeZip } from './archives.js';
import { startFileServer, type FileServer } from './fileServer.js';

describe('downloadDatasets', () => {
  const inFolder = useTemporaryFolder();
  const noise = randomBytes(60_000).toString('hex'); // does not compress to nothing, so that there is a middle
  const zip = makeZip([
    { name: 'tiny/corpus.jsonl', text: `{"_id":"d","text":"${noise}"}\n` },
    { name: 'tiny/queries.jsonl', text: '{"_id":"q","text":"a"}\n' },
    { name: 'tiny/qrels/test.tsv', text: 'query-id\tcorpus-id\tscore\nq\td\t1\n' },
  ]);
  const md5 = createHash('md5').update(zip).digest('hex');
  const path = '/files.example/sets/tiny.zip';
  const url = `https:/${path}`;
  const tiny = (more: { md5?: string; unpackedBytes?: number } = {}): Dataset => ({
    name: 'tiny',
    about: 'a tiny set',
    licence: 'none',
    page: 'https://files.example/',
    folder: 'beir/tiny',
    unpackedBytes: more.unpackedBytes ?? 1000,
    sources: [{ url, bytes: zip.length, md5: more.md5 ?? md5, headers: {}, inside: 'tiny' }],
  });
  let server: FileServer;
  let said: string[];
  let shown: [bytes: number, note: string | undefined][];
  let totals: [total: number, present: number][];

  beforeEach(async () => {
    server = await startFileServer();
    server.files.set(path, zip);
    [said, shown, totals] = [[], [], []];
  });
  afterEach(() => server.close());

  const options = (): DatasetOptions => ({
    root: inFolder(),
    mirror: server.mirror,
    listHub: () => assert.fail('the hub was asked'),
    patience: { tries: 2, firstWaitMs: 1, longestWaitMs: 10 },
    screen: {
      say: (line) => said.push(line),
      bar(total, present) {
        totals.push([total, present]);
        return { update: (bytes, note) => shown.push([bytes, note]), stop: () => {} };
      },
    },
  });
  const download = (dataset = tiny(), more: Partial<DatasetOptions> = {}) =>
    downloadDatasets([dataset], { ...options(), ...more });
  const refusal = async (work: Promise<unknown>) => {
    const error: unknown = await work.then(
      () => assert.fail('nothing was refused'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof UserError, String((error as Error).stack));
    assert.ok(!error.message.includes('\n'));
    return error.message.replaceAll(inFolder(), 'ROOT').replaceAll(new URL(server.mirror).host, 'HOST');
  };
  const put = async (name: string, bytes: Buffer | string) => {
    await mkdir(dirname(inFolder(name)), { recursive: true });
    await writeFile(inFolder(name), bytes);
  };

  it('shows the licence, fetches, checks, unpacks, and leaves no archive behind', async () => {
    const [done] = await download();
    assert.deepEqual(done, { name: 'tiny', folder: inFolder('beir/tiny'), state: 'downloaded' });
    assert.deepEqual(await filesBelow(inFolder('beir/tiny')), [
      '.download.json',
      'corpus.jsonl',
      'qrels/test.tsv',
      'queries.jsonl',
    ]);
    assert.match(said[0]!, /a tiny set\n {2}licence {2}none/);
    assert.deepEqual(totals, [[zip.length, 0]]);
    assert.ok(shown.some(([bytes]) => bytes === zip.length));
    assert.match(shown.at(-1)![1]!, /^unpacking tiny\.zip, \d+ %$/);
    assert.equal(existsSync(inFolder('downloads/tiny')), false);
  });

  it('does nothing, not even ask, where all is there; fetches again what was changed', async () => {
    await download();
    server.asked.length = 0;
    assert.equal((await download())[0]!.state, 'here');
    assert.equal(server.asked.length, 0);
    await writeFile(inFolder('beir/tiny/corpus.jsonl'), 'cut');
    assert.equal(datasetState(tiny(), inFolder('beir/tiny')), 'damaged');
    await download();
    assert.equal(datasetState(tiny(), inFolder('beir/tiny')), 'here');
  });

  it('never replaces a folder that holds files of others', async () => {
    await put('beir/tiny/corpus.jsonl', 'mine');
    assert.equal(
      await refusal(download()),
      'ROOT/beir/tiny lacks queries.jsonl, qrels/test.tsv and was not filled by this command; complete it by hand, or move it away',
    );
    await put('beir/tiny/queries.jsonl', 'mine');
    await put('beir/tiny/qrels/test.tsv', 'mine');
    assert.equal((await download())[0]!.state, 'by hand');
    await rm(inFolder('beir/tiny'), { recursive: true });
    await download();
    await put('beir/tiny/notes.txt', 'mine');
    await rm(inFolder('beir/tiny/corpus.jsonl'));
    assert.match(
      await refusal(download()),
      /holds notes\.txt, which this command did not put there, so it is not replaced; move that away/,
    );
    assert.equal(server.asked.length, 1);
  });

  it('goes on where an interrupted download stopped', async () => {
    await put('downloads/tiny/.fetched/tiny.zip.incomplete', zip.subarray(0, 50_000));
    await download();
    assert.deepEqual(server.asked, [[path, 'bytes=50000-']]);
    assert.deepEqual(totals, [[zip.length, 50_000]]);
  });

  it('unpacks what was fetched by a process that died before it could', async () => {
    await put('downloads/tiny/.fetched/tiny.zip', zip);
    await download();
    assert.equal(server.asked.length, 0);
  });

  // Whatever lay in the folder of fetched files was removed with them: only its name said whose it was.
  it('leaves what others put among the files it fetched', async () => {
    await put('downloads/tiny/.fetched/notes.txt', Buffer.from('mine'));
    await download();
    assert.ok(existsSync(inFolder('downloads/tiny/.fetched/notes.txt')));
    assert.equal(datasetState(tiny(), inFolder('beir/tiny')), 'here');
  });

  it('follows redirects, and waits for a server that is cut off once', async () => {
    server.fault = (request, response, body) => {
      if (request.url === path) response.writeHead(302, { location: '/elsewhere' }).end();
      else if (server.asked.length === 2) {
        response.writeHead(200, { 'content-length': zip.length });
        response.write(zip.subarray(0, 30_000), () => setTimeout(() => response.destroy(), 30));
      } else return false;
      return body !== undefined || true;
    };
    server.files.set('/elsewhere', zip);
    await download();
    assert.deepEqual(server.asked.at(-1), ['/elsewhere', 'bytes=30000-']);
    assert.equal(datasetState(tiny(), inFolder('beir/tiny')), 'here');
  });

  it('refuses other bytes than were published, and fills no folder', async () => {
    const wrong = '0'.repeat(32);
    assert.match(await refusal(download(tiny({ md5: wrong }))), new RegExp(`must have the md5 ${wrong}; got ${md5}`));
    assert.equal(existsSync(inFolder('beir/tiny')), false);
  });

  it('says what to put where when the network does not give it, and takes up what was put there', async () => {
    server.files.clear();
    assert.equal(
      await refusal(download()),
      `HOST answers 404 Not Found for ${path}; without network, put ${url} into ROOT/downloads/tiny; then run the same command again`,
    );
    await put('downloads/tiny/tiny.zip', zip.subarray(1));
    assert.match(await refusal(download()), /^ROOT\/downloads\/tiny\/tiny\.zip must have the md5 \w+; got \w+; get it/);
    await put('downloads/tiny/tiny.zip', zip);
    assert.equal((await download())[0]!.state, 'downloaded');
    assert.deepEqual(await readdir(inFolder('downloads/tiny')), ['tiny.zip']); // it is the user's
  });

  it('refuses before it asks what the disk cannot take', async () => {
    assert.match(
      await refusal(download(tiny({ unpackedBytes: 1e18 }))),
      /^downloading and unpacking tiny needs 1000000000\.0 GB; .+ GB are free at ROOT; .*--into$/,
    );
    assert.equal(server.asked.length, 0);
  });

  it('leaves nothing under the name when an archive is damaged', async () => {
    const cut = zip.subarray(0, -40);
    server.files.set(path, cut);
    const cutMd5 = createHash('md5').update(cut).digest('hex');
    assert.match(await refusal(download(tiny({ md5: cutMd5 }))), /tiny\.zip is damaged or cut short .*remove it/);
    assert.deepEqual(await readdir(inFolder('beir')), []);
  });

  it('fetches once for two that want the same', async () => {
    await Promise.all([download(), download()]);
    assert.equal(server.asked.length, 1);
    assert.equal(datasetState(tiny(), inFolder('beir/tiny')), 'here');
  });

  describe('from the hub', () => {
    const bytes = Buffer.concat([Buffer.from('PAR1'), randomBytes(50), Buffer.from('PAR1')]);
    const hash = { algorithm: 'sha256', hex: createHash('sha256').update(bytes).digest('hex') } as const;
    const file = (name: string): HubDatasetFile => {
      server.files.set(`/${name}`, bytes);
      return { name, bytes: bytes.length, hash, url: `${server.mirror}/${name}`, headers: {} };
    };
    const set: Dataset = {
      ...tiny(),
      folder: 'coir/tiny',
      sources: [
        { hub: 'owner/tiny-queries-corpus', revision: 'main', tables: ['queries', 'corpus'] },
        { hub: 'owner/tiny-qrels', revision: 'main', tables: ['test'], to: 'qrels' },
        { hub: 'owner/more', revision: 'main', take: { 'a.jsonl.gz': 'train.jsonl.gz' } },
      ],
    };

    it('takes tables under plain names, and nothing that is not asked for', async () => {
      const listHub = async (id: string) =>
        ({
          'owner/tiny-queries-corpus': [
            file('README.md'),
            file('data/queries-00000-of-00001-0123456789abcdef.parquet'),
            file('data/corpus-00000-of-00002.parquet'),
            file('data/corpus-00001-of-00002.parquet'),
          ],
          'owner/tiny-qrels': [file('data/train-00000-of-00001.parquet'), file('data/test-00000-of-00001.parquet')],
          'owner/more': [file('a.jsonl.gz'), file('b.jsonl.gz')],
        })[id]!;
      await download(set, { listHub });
      assert.deepEqual(await filesBelow(inFolder('coir/tiny')), [
        '.download.json',
        'corpus-00000-of-00002.parquet',
        'corpus-00001-of-00002.parquet',
        'qrels/test-00000-of-00001.parquet',
        'queries-00000-of-00001.parquet',
        'train.jsonl.gz',
      ]);
      const folders = [
        ...['corpus/test-00000-of-00002', 'corpus/test-00001-of-00002', 'corpus/train-00000-of-00001'],
        ...['queries/test-00000-of-00001', 'qrels/test-00000-of-00001', 'docs/test-00000-of-00001'],
      ];
      const pages = {
        hub: 'owner/pages',
        revision: 'main',
        tables: ['corpus', 'queries', 'qrels'],
        split: 'test',
        to: 'p',
      };
      await download(
        { ...set, folder: 'pages', sources: [pages] },
        { listHub: async () => folders.map((name) => file(`${name}.parquet`)) },
      );
      assert.deepEqual(await filesBelow(inFolder('pages')), [
        '.download.json',
        'p/corpus-00000-of-00002.parquet',
        'p/corpus-00001-of-00002.parquet',
        'p/qrels/test-00000-of-00001.parquet',
        'p/queries-00000-of-00001.parquet',
      ]);
      const renamed = { ...pages, tables: { 'a_b-corpus': 'corpus', query: 'queries', qrels: 'qrels' } };
      const others = ['a_b-corpus/test-00000-of-00001', 'query/test-00000-of-00001', 'qrels/test-00000-of-00001'];
      const listed = (names: string[]) => async () => names.map((name) => file(`${name}.parquet`));
      await download({ ...set, folder: 'renamed', sources: [renamed] }, { listHub: listed(others) });
      assert.deepEqual(await filesBelow(inFolder('renamed')), [
        '.download.json',
        'p/corpus-00000-of-00001.parquet',
        'p/qrels/test-00000-of-00001.parquet',
        'p/queries-00000-of-00001.parquet',
      ]);
      assert.equal(
        await refusal(
          download({ ...set, folder: 'lacking', sources: [renamed] }, { listHub: listed([others[0]!, others[2]!]) }),
        ),
        'owner/pages on the hub lacks the table query as Parquet',
      );
      const lacking = async (id: string) => (await listHub(id)).filter(({ name }) => !/00001-of-00002/.test(name));
      await rm(inFolder('coir'), { recursive: true });
      assert.equal(
        await refusal(download(set, { listHub: lacking })),
        'owner/tiny-queries-corpus on the hub lacks pieces of the table corpus as Parquet',
      );
    });

    // As many pieces as the first says, and of two sets: they were searched as one corpus.
    it('refuses a table whose pieces are of two sets', async () => {
      const pieces = [file('data/test-00000-of-00002.parquet'), file('data/test-00001-of-00003.parquet')];
      const mixed = { ...set, sources: set.sources.slice(1, 2) };
      assert.match(
        await refusal(download(mixed, { listHub: async () => pieces })),
        /test-00000-of-00002\.parquet and .*test-00001-of-00003\.parquet are parts of two different sets/,
      );
    });

    it('says how to get it elsewhere, and takes up what came so', async () => {
      const offline = { ...set, sources: set.sources.slice(1, 2) };
      const listHub = async () => {
        throw new UnreachableError('the hub cannot be reached');
      };
      assert.equal(
        await refusal(download(offline, { listHub })),
        'the hub cannot be reached; without network, run elsewhere: hf download --repo-type dataset owner/tiny-qrels ' +
          '--local-dir ROOT/downloads/tiny/tiny-qrels; then run the same command again',
      );
      const put1 = 'downloads/tiny/tiny-qrels/data/test-00000-of-00001.parquet';
      await put(put1, bytes.subarray(0, -1));
      assert.equal(
        await refusal(download(offline, { listHub })),
        `ROOT/${put1} is cut short or no Parquet; get it again`,
      );
      await put(put1, bytes);
      await download(offline, { listHub });
      assert.deepEqual(await readFile(inFolder('coir/tiny/qrels/test-00000-of-00001.parquet')), bytes);
    });
  });

  it('names the command that follows', async () => {
    server.files.set('/files.example/t.tsv.gz', gzipSync('q\tp\tn\n'));
    const set = {
      ...tiny(),
      folder: 'triples',
      import: { files: ['triples/t.tsv'], collection: 'c.tsv', needs: [] },
      sources: [{ url: 'https://files.example/t.tsv.gz', headers: {}, as: 't.tsv' }],
    };
    const [done] = await download(set);
    const root = inFolder();
    assert.equal(
      done!.then,
      `npm run data -- import ${root}/triples/t.tsv --collection ${root}/c.tsv --output train.arrow`,
    );
    assert.equal(await readFile(inFolder('triples/t.tsv'), 'utf8'), 'q\tp\tn\n');
    assert.ok(said.includes('t.tsv.gz: no checksum was published, so only its length and its beginning are checked'));
  });
});
