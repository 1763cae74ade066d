import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readRunConfig } from '../../../checkpoints/run/config.js';
import { runFolder } from '../../../checkpoints/run/folder.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { collect } from '../../runCommand.js';
import { copyCheckout } from './copyCheckout.js';
import { sourcesEnvironment, startSources, type Sources } from './localSources.js';

const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../fixtures/parquet/${name}.parquet`, import.meta.url)));

/** In a copy of the checkout, with servers on this machine in the place of the hub. */
describe('npm run train -- --base NAME --recipe pages', function () {
  this.timeout(240_000); // a whole run of a base with a vision tower, and its scores
  let folder: string;
  let sources: Sources;

  before(async () => {
    await startEngine();
    folder = mkdtempSync(join(tmpdir(), 'tercet-pages-'));
    copyCheckout(folder);
    sources = await startSources(folder);
    const described = (name: string, change: (text: string) => string) => {
      const file = join(folder, `configs/datasets/${name}.yaml`);
      writeFileSync(file, change(readFileSync(file, 'utf8')));
    };
    const file = 'colpali/train-00000-of-00001.parquet';
    described('colpali', (text) => text.replace(/^import:[^]*/m, `import:\n  rows: 13\n  files: [${file}]\n`));
    described(
      'vidore-v1',
      (text) =>
        text.replace(/^parts:[^]*/m, 'parts: [docvqa]\nsources:\n') +
        /  - hub: vidore\/docvqa[^]*?(?=  - )/.exec(text)![0],
    );
    sources.hub.add('vidore/colpali_train_set', { 'data/train-00000-of-00001.parquet': fixture('colpali') });
    const pages = ['corpus', 'queries', 'qrels'].map(
      (name) => [`${name}/test-00000-of-00001.parquet`, fixture(`vidore/${name}`)] as const,
    );
    sources.hub.add('vidore/docvqa_test_subsampled_beir', Object.fromEntries(pages));
  });
  after(async () => {
    await sources.hub.close();
    sources.files.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("fetches ColPali's pages and MS MARCO, trains on a tenth of its texts beside them, and scores on pages", async () => {
    const settings = [
      ...['training.steps=4', 'training.queriesPerPool=4', 'training.saveEverySteps=2', 'schedule.warmupSteps=2'],
      ...['lora.rank=4', 'contract.precision=float32', 'evaluation.tasks=[vidore-v1/docvqa]'],
      ...['contract.chatTemplate=false'], // the demonstration's tokenizer has none
    ].flatMap((setting) => ['--set', setting]);
    const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const command = ['--import', loader, join(folder, 'train/command.ts')];
    const child = spawn(
      process.execPath,
      [...command, '--base', 'demo-vl', '--recipe', 'pages', '--run', 'pages', ...settings],
      { cwd: folder, env: { ...process.env, ...sourcesEnvironment(sources), HF_HOME: join(folder, 'hf') } },
    );
    const { code, output, errors } = await collect(child);
    assert.equal(code, 0, errors);
    // All 13 of ColPali's that have a query, and 200 of 2,000 of MS MARCO.
    assert.equal((await readRunConfig(runFolder(join(folder, 'checkpoints/runs'), 'pages').config)).rows, 213);
    assert.match(output, /vidore-v1\/docvqa/);
    assert.ok(existsSync(join(folder, 'checkpoints/runs/pages/report.html')));
  });
});
