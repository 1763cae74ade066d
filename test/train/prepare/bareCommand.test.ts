import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { checkout } from '../../../setup/engineFolder.mjs';
import { startHubServer, type HubServer } from '../../checkpoints/hub/hubServer.js';
import { startFileServer, type FileServer } from '../../data/download/fileServer.js';
import { filesBelow } from '../../../data/files/filesBelow.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { writeTinyBase } from '../../tinyRun.js';

const words = ['cat', 'dog', 'cow', 'owl', 'bee', 'ant', 'elk', 'hen', 'rat', 'yak', 'eel', 'fox'];
const passage = (row: number) => ({ docid: `${row}`, title: '', text: `The ${words[row % 12]} of row ${row}.` });

/** All in a copy of the checkout, whose data sets are small and whose servers are on this machine. */
describe('npm run train -- --base NAME, and nothing else', function () {
  this.timeout(600_000);
  let folder: string;
  let hub: HubServer;
  let files: FileServer;

  before(async () => {
    await startEngine();
    folder = mkdtempSync(join(tmpdir(), 'tercet-bare-'));
    const left = ['data/cache', 'checkpoints/runs', 'checkpoints/evaluations'].map((name) => join(checkout, name));
    for (const name of ['configs', 'data', 'checkpoints', 'model', 'eval', 'train', 'setup', 'package.json'])
      cpSync(join(checkout, name), join(folder, name), { recursive: true, filter: (path) => !left.includes(path) });
    cpSync(join(checkout, 'package-lock.json'), join(folder, 'package-lock.json'));
    cpSync(join(checkout, 'tsconfig.json'), join(folder, 'tsconfig.json'));
    for (const name of ['node_modules', '.engine'])
      if (existsSync(join(checkout, name))) symlinkSync(join(checkout, name), join(folder, name));
    await writeTinyBase(join(folder, 'tiny'));
    [hub, files] = [await startHubServer(), await startFileServer()];
    hub.addFolder('owner/tiny', join(folder, 'tiny'));
    const rows = Array.from({ length: 2000 }, (_, row) => ({
      ...{ query_id: `${row}`, query: `tell me of the ${words[row % 12]} ${row}` },
      positive_passages: [passage(row)],
      negative_passages: [passage(row + 1), passage(row + 5)],
    }));
    const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    hub.add('Tevatron/msmarco-passage-aug', { 'train.jsonl.gz': gzipSync(lines) });
    writeFileSync(join(folder, 'configs/datasets/msmarco.yaml'), msmarco());
  });
  after(async () => {
    await hub.close();
    files.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => (hub.fault = () => undefined));

  /** The data set `msmarco` in its own form, with a dozen passages. */
  function msmarco(): string {
    const contents: Record<string, string> = {
      'collection.tsv': words.map((word, row) => `${row}\tThe ${word} is an animal.\n`).join(''),
      ...Object.fromEntries(
        ['dev', 'dl19', 'dl20'].flatMap((split) => [
          [`queries.${split}.tsv`, words.map((word, row) => `${row}\twhat is a ${word}\n`).join('')],
          [`qrels/${split}.tsv`, words.map((_, row) => `${row} 0 ${row} 3\n`).join('')],
        ]),
      ),
    };
    const sources = Object.entries(contents).map(([name, text]) => {
      const bytes = Buffer.from(text);
      files.files.set(`/files.example/${name}`, bytes);
      const md5 = createHash('md5').update(bytes).digest('hex');
      return `  - { url: 'https://files.example/${name}', bytes: ${bytes.length}, md5: ${md5}, as: ${name} }\n`;
    });
    const head = 'about: small\nlicence: for tests\npage: https://files.example/\nfolder: msmarco\nsources:\n';
    return head + sources.join('');
  }

  const settings = [
    ...['training.steps=8', 'training.queriesPerPool=4', 'training.passagesPerQuery=3', 'training.poolsPerUpdate=1'],
    ...['training.saveEverySteps=2', 'schedule.warmupSteps=2', 'contract.precision=float32', 'lora.rank=4'],
  ].flatMap((setting) => ['--set', setting]);

  /** Run the command; as soon as `when` holds it is killed. */
  async function train(args: string[], when?: () => boolean, env: Record<string, string> = {}) {
    const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const given = ['--import', loader, join(folder, 'train/command.ts'), '--base', 'owner/tiny', ...settings, ...args];
    const child = spawn(process.execPath, given, {
      cwd: folder,
      env: {
        ...process.env,
        ...{ HF_HOME: join(folder, 'hf'), HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: '', HF_TOKEN: '' },
        ...{ HF_HUB_OFFLINE: '', TERCET_MIRROR: files.mirror, ...env },
      },
    });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (piece: Buffer) => (output += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => (errors += piece.toString()));
    const timer = setInterval(() => when?.() && child.kill('SIGKILL'), 2);
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    clearInterval(timer);
    return { code, output, errors };
  }
  const at = (name: string) => join(folder, name);
  const run = ['--run', 'bare'];

  it('prints one plan with --dry-run, and writes nothing', async () => {
    const { code, output, errors } = await train(['--dry-run', '--json']);
    assert.equal(code, 0, errors);
    assert.match(output, /^base {4}tiny, 0\.\d+ GB to download/m);
    assert.match(output, /^data {4}msmarco-train, 0\.\d+ GB to download, to be imported; licence: MS MARCO/m);
    assert.match(output, /^data {4}msmarco, .* to download; licence: for tests/m);
    assert.match(output, /^disk {4}.*base .*, msmarco-train .*, msmarco-train as Arrow .*, msmarco /m);
    assert.match(output, /^time {4}training \d+ .*, scoring \d+/m);
    const plan = JSON.parse(output.trim().split('\n').at(-1)!) as { problems: string[]; missingTasks: string[] };
    assert.deepEqual([plan.problems, plan.missingTasks], [[], ['msmarco-dev', 'dl19', 'dl20']]);
    assert.deepEqual(
      [existsSync(at('hf')), existsSync(at('data/cache')), existsSync(at('checkpoints/runs'))],
      [false, false, false],
    );
  });

  it('says all that cannot be had at once, a line each, before anything is downloaded', async () => {
    hub.fault = ({ path }) =>
      path.startsWith('/owner/tiny/resolve') ? { status: 403, headers: { 'x-error-code': 'GatedRepo' } } : undefined;
    const { code, errors } = await train(run, undefined, { TERCET_MIRROR: `${hub.endpoint}/nothing` });
    const lines = errors.trim().split('\n').slice(1); // the first names the engine
    assert.equal(code, 2);
    assert.equal(lines.length, 2, errors);
    assert.match(lines[0]!, /^error: base tiny: owner\/tiny is gated: accept its terms at .*HF_TOKEN/);
    assert.match(lines[1]!, /^error: data set msmarco: .* answers 404 .*without network, put/);
    assert.ok(!existsSync(at('data/cache/msmarco-train')) && !existsSync(at('checkpoints/runs/bare')));
  });

  it('goes on where it was, killed in every phase and given again', async () => {
    const slowly = (part: string, bytes: number) =>
      (hub.fault = ({ path, range }) =>
        path.includes(part) && range !== 'bytes=0-0' ? { slow: { bytes, ms: 20 } } : undefined);
    const below = async (name: string) => (existsSync(at(name)) ? filesBelow(at(name)) : []);
    slowly('model.safetensors', 20_000);
    const sent = (name: string) => [...hub.sent].find(([path]) => path.endsWith(name))?.[1] ?? 0;
    await train(run, () => sent('model.safetensors') > 100_000);
    assert.ok(
      (await below('hf')).some((name) => name.includes('incomplete')),
      'killed too late: the base',
    );
    slowly('train.jsonl.gz', 2000);
    await train(run, () => sent('train.jsonl.gz') > 6000);
    const size = hub.models.get('owner/tiny')!.files.get('model.safetensors')!.length;
    assert.ok(sent('model.safetensors') < 1.5 * size, 'the base was downloaded anew');
    assert.ok(!existsSync(at('data/cache/msmarco-train')), 'killed too late: the data set');
    hub.fault = () => undefined;
    await train(run, () => existsSync(at('data/cache/msmarco-train/train.arrow.import')));
    assert.ok(!existsSync(at('data/cache/msmarco-train/train.arrow')), 'killed too late: the import');
    await train(run, () => existsSync(at('checkpoints/runs/bare/state/step-000004')));
    assert.ok(!existsSync(at('checkpoints/runs/bare/adapter')), 'killed too late: the training');
    await train(run, () => existsSync(at('checkpoints/runs/bare/eval/msmarco-dev')));
    assert.ok(!existsSync(at('checkpoints/runs/bare/report.html')), 'killed too late: the scoring');
    hub.asked.length = 0;
    const { code, output, errors } = await train(run);
    assert.equal(code, 0, errors);
    assert.match(errors, /resume {2}after update 8 of 8/);
    assert.match(output, /msmarco-dev[^]*dl19[^]*dl20/);
    assert.ok(existsSync(at('checkpoints/runs/bare/report.html')));
    assert.ok(!hub.asked.some(({ path }) => path.includes('resolve')), 'something was downloaded again');
    const steps = readFileSync(at('checkpoints/runs/bare/log.jsonl'), 'utf8').split('"event":"step"').length - 1;
    assert.equal(steps, 8);
  });
});
