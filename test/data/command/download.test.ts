import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import YAML from 'yaml';
import { startHubServer, type HubServer } from '../../checkpoints/hub/hubServer.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { runCommand } from '../../runCommand.js';
import { makeTar, makeZip } from '../download/archives.js';
import { startFileServer, type FileServer } from '../download/fileServer.js';

describe('npm run data -- download', function () {
  this.timeout(120_000);
  const inFolder = useTemporaryFolder();
  let server: FileServer;
  let hub: HubServer;

  beforeEach(async () => {
    server = await startFileServer();
    hub = await startHubServer();
  });
  afterEach(async () => {
    server.close();
    await hub.close();
  });

  const run = (file: string, args: string[], env: Record<string, string> = {}) =>
    runCommand(file, args, inFolder(), { TERCET_MIRROR: server.mirror, HF_ENDPOINT: hub.endpoint, ...env });
  const describeSet = (name: string, more: object) => {
    const head = { about: `tiny ${name}`, licence: 'none', page: 'https://files.example/', folder: `sets/${name}` };
    return writeFile(inFolder(`${name}.yaml`), YAML.stringify({ ...head, ...more }));
  };

  it('fetches sets in the layouts of BEIR, CoIR and MS MARCO, which then can be evaluated', async () => {
    const passages = ['the cat sat', 'a dog ran', 'birds fly south'];
    const [cat, dog] = ['cat', 'dog'];
    server.files.set(
      '/files.example/beir.zip',
      makeZip([
        {
          name: 'beir/corpus.jsonl',
          text: passages.map((text, i) => JSON.stringify({ _id: `d${i}`, text })).join('\n'),
        },
        { name: 'beir/queries.jsonl', text: JSON.stringify({ _id: 'q', text: cat }) },
        { name: 'beir/qrels/test.tsv', text: 'query-id\tcorpus-id\tscore\nq\td0\t1\n' },
      ]),
    );
    await describeSet('beir', { sources: [{ url: 'https://files.example/beir.zip', inside: 'beir' }] });
    const fixture = async (table: string) => readFile(`test/fixtures/coirTask/data/${table}-00000-of-00001.parquet`);
    hub.add('CoIR/coir-queries-corpus', {
      'data/queries-00000-of-00001-0123456789abcdef.parquet': await fixture('queries'),
      'data/corpus-00000-of-00001-0123456789abcdef.parquet': await fixture('corpus'),
    });
    hub.add('CoIR/coir-qrels', { 'data/test-00000-of-00001.parquet': await fixture('test') });
    await describeSet('coir', {
      sources: [
        { hub: 'CoIR/coir-queries-corpus', tables: ['queries', 'corpus'] },
        { hub: 'CoIR/coir-qrels', tables: ['test'], to: 'qrels' },
      ],
    });
    server.files.set(
      '/files.example/all.tar.gz',
      await makeTar([
        { name: 'collection.tsv', text: passages.map((text, i) => `${i}\t${text}\n`).join('') },
        { name: 'queries.dev.small.tsv', text: `7\t${dog}\n` },
        { name: 'qrels.dev.small.tsv', text: '7\t0\t1\t1\n' },
      ]),
    );
    server.files.set('/files.example/test2019.tsv.gz', gzipSync(`8\t${cat}\n9\tnot judged\n`));
    server.files.set('/nist.example/2019.txt', Buffer.from('8 Q0 0 3\n8 Q0 2 0\n'));
    const take = {
      'collection.tsv': 'collection.tsv',
      'queries.dev.small.tsv': 'queries.dev.tsv',
      'qrels.dev.small.tsv': 'qrels/dev.tsv',
    };
    await describeSet('marco', {
      sources: [
        { url: 'https://files.example/all.tar.gz', take },
        { url: 'https://files.example/test2019.tsv.gz', as: 'queries.dl19.tsv' },
        { url: 'https://nist.example/2019.txt', as: 'qrels/dl19.tsv' },
      ],
    });

    const names = ['beir.yaml', 'coir.yaml', 'marco.yaml'];
    const first = await run('data/command.ts', ['download', ...names, '--into', 'cache']);
    assert.equal(first.code, 0, first.errors);
    assert.match(first.errors, /^coir: tiny coir\n {2}licence {2}none\n/m);
    const downloaded = ['beir', 'coir', 'marco'].map((name) => `${name}  downloaded  cache/sets/${name}\n`);
    assert.equal(first.output, downloaded.join(''));

    const tasks = ['beir', 'coir', 'marco/dev', 'marco/dl19'].map((name) => `./cache/sets/${name}`).join();
    const scored = await run('eval/command.ts', ['--model', 'bm25', '--tasks', tasks]);
    assert.equal(scored.code, 0, scored.errors);
    for (const name of ['beir', 'marco/dev', 'marco/dl19'])
      assert.match(scored.output, new RegExp(`^${name} .*\\b1\\.0000 +1\\.0000 +1\\.0000$`, 'm'));
    assert.match(scored.output, /^coir /m);

    server.asked.length = 0;
    const again = await run('data/command.ts', ['download', ...names, '--into', 'cache', '--json'], {
      HF_HUB_OFFLINE: '1',
    });
    const states = (JSON.parse(again.output) as { datasets: { state: string }[] }).datasets.map(({ state }) => state);
    assert.deepEqual([again.code, states, again.errors], [0, ['here', 'here', 'here'], '']);
    assert.equal(server.asked.length, 0);
  });

  it('tells a mistake in one line', async () => {
    const wrong = await run('data/command.ts', ['download', 'scifac']);
    assert.deepEqual([wrong.code, wrong.errors], [2, 'error: unknown data set scifac; did you mean scifact?\n']);
    const offline = await run('data/command.ts', ['download', 'cosqa', '--into', '.'], { HF_HUB_OFFLINE: '1' });
    assert.equal(offline.code, 2);
    assert.match(
      offline.errors,
      /^error: CoIR-Retrieval\/cosqa-queries-corpus is on the hub, which HF_HUB_OFFLINE forbids to ask; unset that; without network, run elsewhere: hf download .*$/m,
    );
  });
});
