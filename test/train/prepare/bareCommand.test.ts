import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Asked, HubServer } from '../../checkpoints/hub/hubServer.js';
import type { FileServer } from '../../data/download/fileServer.js';
import { filesBelow } from '../../../data/files/filesBelow.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { writeTinyBase } from '../../tinyRun.js';
import { copyCheckout } from './copyCheckout.js';
import { sourcesEnvironment, startSources } from './localSources.js';

/** All in a copy of the checkout, whose data sets are small and whose servers are on this machine. */
describe('npm run train -- --base NAME, and nothing else', function () {
  this.timeout(600_000); // commands are killed in every phase and given again
  let folder: string;
  let hub: HubServer;
  let files: FileServer;

  before(async () => {
    await startEngine();
    folder = mkdtempSync(join(tmpdir(), 'tercet-bare-'));
    copyCheckout(folder);
    await writeTinyBase(join(folder, 'tiny'));
    ({ hub, files } = await startSources(folder));
    hub.addFolder('owner/tiny', join(folder, 'tiny'));
  });
  after(async () => {
    await hub.close();
    files.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => (hub.fault = () => undefined));

  const settings = [
    ...['training.steps=8', 'training.queriesPerPool=4', 'training.passagesPerQuery=3', 'training.poolsPerUpdate=1'],
    ...['training.saveEverySteps=2', 'schedule.warmupSteps=2', 'contract.precision=float32', 'lora.rank=4'],
  ].flatMap((setting) => ['--set', setting]);

  const asked = ['--base', 'owner/tiny', ...settings];

  /** Run the command; as soon as `when` holds it is killed. */
  async function train(args: string[], when?: () => boolean, env: Record<string, string> = {}, told = asked) {
    const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const given = ['--import', loader, join(folder, 'train/command.ts'), ...told, ...args];
    const child = spawn(process.execPath, given, {
      cwd: folder,
      env: {
        ...process.env,
        ...sourcesEnvironment({ hub, files }),
        ...{ HF_HOME: join(folder, 'hf'), ...env },
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
    assert.match(
      output,
      /^disk {4}.*base .*, msmarco-train .*, msmarco-train as Arrow \(taken to be 1\.1 of .*, msmarco /m,
    );
    assert.match(
      output,
      /^time {4}download [\d.]+ \w+, import [\d.]+ \w+, training [\d.]+ \w+, export [\d.]+ \w+, scoring [\d.]+ \w+, [\d.]+ \w+ in all$/m,
    );
    assert.match(output, /^speed {3}.* measured now .*; downloads at 20 MB\/s and imports at 5 MB\/s are assumed$/m);
    const plan = JSON.parse(output.trim().split('\n').at(-1)!) as {
      problems: string[];
      missingTasks: string[];
      seconds: Record<string, number>;
      sets: { name: string; bytes: number }[];
      disks: { parts: { what: string; bytes: number }[] }[];
    };
    assert.deepEqual([plan.problems, plan.missingTasks], [[], ['msmarco-dev', 'dl19', 'dl20']]);
    const archive = hub.models.get('Tevatron/msmarco-passage-aug')!.files.get('train.jsonl.gz')!.length;
    assert.equal(plan.seconds['import'], archive / 5e6);
    const parts = plan.disks.flatMap((disk) => disk.parts);
    assert.equal(parts.find(({ what }) => what.includes('as Arrow'))!.bytes, 1.1 * archive);
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
    // Not by what the server sent: a plan that was made before had asked it, so that this call was killed as it began.
    const isDownloading = () =>
      existsSync(at('data/cache/downloads')) &&
      readdirSync(at('data/cache/downloads'), { recursive: true, withFileTypes: true }).some(
        (entry) => entry.isFile() && (sizeOf(join(entry.parentPath, entry.name)) ?? 0) > 6000,
      );
    await train(run, isDownloading);
    assert.ok(isDownloading(), 'killed too early: the data set');
    const goesOn = ({ path, range }: Asked) =>
      path.endsWith('model.safetensors') && /^bytes=[1-9]\d*-/.test(range ?? '');
    assert.ok(hub.asked.some(goesOn), 'the base was downloaded anew');
    assert.ok(!existsSync(at('data/cache/msmarco-train')), 'killed too late: the data set');
    hub.fault = () => undefined;
    await train(run, () => existsSync(at('data/cache/msmarco-train/train.arrow.import')));
    assert.ok(!existsSync(at('data/cache/msmarco-train/train.arrow')), 'killed too late: the import');
    await train(run, () => existsSync(at('checkpoints/runs/bare/state/step-000004')));
    assert.ok(!existsSync(at('checkpoints/runs/bare/adapter')), 'killed too late: the training');
    const isExporting = () => readdirSync(at('checkpoints/runs/bare')).some((name) => name.startsWith('adapter'));
    await train(run, isExporting);
    assert.ok(isExporting() && !existsSync(at('checkpoints/runs/bare/eval')), 'killed too late: the export');
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

  // Only where the base was missing: with a base that was here, gigabytes of data came before the same line.
  it('says that the memory does not do before it downloads data, and in a plan whatever is here', async () => {
    const little = ['--set', 'training.memoryMegabytes=20'];
    const message =
      /^error: training tiny needs at least \d+ MB of memory and 20 MB can be used; free some, or take a smaller/m;
    const plan = await train(['--dry-run', ...little]);
    assert.deepEqual([plan.code, message.test(plan.errors)], [2, true], plan.errors);
    renameSync(at('data/cache/msmarco-train'), at('aside'));
    hub.asked.length = 0;
    const { code, errors } = await train(little);
    assert.deepEqual([code, message.test(errors)], [2, true], errors);
    const isDownload = ({ path, range }: Asked) => path.includes('/resolve/') && range !== 'bytes=0-0';
    assert.deepEqual(hub.asked.filter(isDownload), []);
    assert.ok(!existsSync(at('data/cache/msmarco-train')));
    renameSync(at('aside'), at('data/cache/msmarco-train'));
  });

  // It went on training for hours, and then said that there was nothing to score on.
  it('fetches what is missing of the tasks of a run that --resume goes on with', async () => {
    rmSync(at('data/cache/msmarco'), { recursive: true });
    const { code, output, errors } = await train(['--resume', ...run], undefined, {}, []);
    assert.equal(code, 0, errors);
    assert.match(output, /msmarco-dev[^]*dl19[^]*dl20/);
    assert.ok(existsSync(at('data/cache/msmarco/collection.tsv')));
  });
});

const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size;
