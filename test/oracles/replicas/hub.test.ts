import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import YAML from 'yaml';
import { readJsonObject } from '../../../checkpoints/base/baseFolder.js';
import { readRunConfig } from '../../../checkpoints/run/config.js';
import { openRun, runsRoot } from '../../../checkpoints/run/folder.js';
import { loadConfig } from '../../../configs/load/loadConfig.js';
import { resolveBase } from '../../../configs/load/resolveBase.js';
import { createExampleWriter } from '../../../data/arrow/writeExamples.js';
import type { Passage } from '../../../data/example/example.js';
import { loadTokenizer } from '../../../data/tokenizer/tokenizer.js';
import { tokenizeText } from '../../../data/tokenizer/tokenizeText.js';
import type { TextToEncode } from '../../../eval/encoder/encoder.js';
import { openEncoder } from '../../../eval/encoder/openEncoder.js';
import { startEngine, type Engine } from '../../../model/engine/startEngine.js';
import { openNewRun } from '../../../train/loop/open/openNewRun.js';
import { workThrough } from '../../../train/workThrough.js';
import { assertClose } from '../../assertions.js';
import { startHubServer, type HubServer } from '../../checkpoints/hub/hubServer.js';
import { readAdapter, writeAdapter } from '../../../checkpoints/adapter/adapter.js';
import { encodeChunk } from '../../../model/pass/encodeChunk.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { disposeModel } from '../../../model/layer/decoder.js';
import { attachAdapter, detachedAdapter } from '../../../model/layer/lora.js';
import { runUpdates, tokens, type Expected, type Training } from './training.js';

/** The replicas of replicas.test.ts, here from a hub to a trained adapter that is opened again. */
const folder = resolve(process.env['ORACLES'] ?? '../shared/data', 'oracles/replicas');
const bases = existsSync(folder) ? readdirSync(folder) : [];

interface Text extends TextToEncode {
  token_ids: number[];
  embedding: number[];
}
interface TevatronRow {
  query_id: string;
  query: string;
  positive_passages: { docid: string; title: string; text: string }[];
  negative_passages: { docid: string; title: string; text: string }[];
}

const quiet = {
  ...{ onUpdate: () => {}, onScoring: () => {}, onScores: () => {}, onTrained: () => {} },
  ...{ onProof: () => {}, onEvaluation: () => {}, onWarning: () => {}, onInterrupt: () => {} },
};

describe('replicas of the eight bases, from the hub to a trained adapter', function () {
  this.timeout(60_000);
  const started = process.cwd();
  const found = { home: process.env['HF_HOME'], endpoint: process.env['HF_ENDPOINT'] };
  let work: string;
  let hub: HubServer;
  let engine: Engine;

  before(async function () {
    if (bases.length === 0) {
      console.log(`skipped: no replicas at ${folder}`);
      return this.skip();
    }
    engine = await startEngine();
    work = await mkdtemp(join(tmpdir(), 'tercet-'));
    process.chdir(work); // runs are found below the folder that a command is started in
    symlinkSync(join(started, 'node_modules'), 'node_modules'); // where tokenizer threads look for tsx
    hub = await startHubServer();
    process.env['HF_HOME'] = work;
    process.env['HF_ENDPOINT'] = hub.endpoint;
    writeFileSync('recipe.yaml', YAML.stringify(recipe));
  });
  after(async () => {
    if (!hub) return;
    process.chdir(started);
    restore('HF_HOME', found.home);
    restore('HF_ENDPOINT', found.endpoint);
    await hub.close();
    await rm(work, { recursive: true, force: true });
  });

  for (const base of bases)
    it(`${base}: downloads, tokenizes, encodes, trains, exports and opens again`, async () => {
      const id = `replicas/${base}`;
      const { commit } = hub.addFolder(id, join(folder, base));
      const { queries, passages } = JSON.parse(
        readFileSync(join(folder, base, 'expected/embeddings.json'), 'utf8'),
      ) as Record<'queries' | 'passages', Text[]>;

      const opened = await openEncoder(`base:${id}`, { precision: 'float32', recipe: 'recipe.yaml' });
      const snapshot = join(work, `hub/models--replicas--${base}/snapshots/${commit}`);
      const tokenizer = await loadTokenizer(snapshot);
      for (const [kind, texts] of [
        ['query', queries],
        ['passage', passages],
      ] as const) {
        const ids = texts.map(({ text, title }) => [
          ...tokenizeText(tokenizer, opened.encoder.contract, kind, text, title),
        ]);
        assert.deepEqual(
          ids,
          texts.map(({ token_ids }) => token_ids),
        );
        const expected = texts.flatMap(({ embedding }) => embedding);
        assertClose(await opened.encoder.encode(kind, texts), expected, 1e-5, `${kind} of ${base}`);
      }
      await opened.close();

      await trainAsTheReference(base, snapshot);

      const path = await writeTraining(join(folder, base, 'expected/train.tevatron.jsonl'), `${base}.arrow`);
      const data = [{ path, weight: 1 }];
      const loaded = loadConfig('recipe.yaml', ['contract.precision=float32']);
      const asked = {
        base: resolveBase(id),
        recipe: 'recipe.yaml',
        loaded,
        data,
        adapter: undefined,
        allowContract: [],
        run: base,
      };
      const outcome = await workThrough(await openNewRun(engine, asked), quiet);
      assert.ok('proof' in outcome);

      const paths = await openRun(runsRoot, base);
      assert.deepEqual((await readRunConfig(paths.config)).base.hub, { id, commit });
      const config = await readJsonObject(join(paths.adapter, 'adapter_config.json'));
      assert.deepEqual([config['base_model_name_or_path'], config['revision']], [id, commit]);

      // The cache is emptied: what the run and the adapter name is found again, and asked for by its commit.
      await rm(join(work, 'hub'), { recursive: true });
      const ofRun = await openEncoder(`run:${base}`);
      const trained = await ofRun.encoder.encode('query', queries);
      await ofRun.close();
      const ofFolder = await openEncoder(paths.adapter);
      assertClose(await ofFolder.encoder.encode('query', queries), trained, 0);
      await ofFolder.close();
      const untrained = queries.flatMap(({ embedding }) => embedding);
      assert.ok(
        trained.some((value, at) => Math.abs(value - untrained[at]!) > 1e-3),
        'training changed nothing',
      );
    });
});

/** Twelve updates from the reference's own start on the downloaded base; what is written and read back embeds as it should. */
async function trainAsTheReference(base: string, snapshot: string): Promise<void> {
  const json = <T>(name: string) => JSON.parse(readFileSync(join(folder, base, 'expected', name), 'utf8')) as T;
  const expected = json<Expected>('embeddings.json');
  const training = json<Training>('training.json');
  const model = await loadModel(snapshot, 'float32');
  const start = await readAdapter(join(folder, base, 'expected/adapter-start'));
  const parameters = attachAdapter(model, start);
  runUpdates(model, parameters, training, expected, { chunkTokens: 60, keptBytes: 2e5 });
  await writeAdapter(`${base}-reference`, { ...detachedAdapter(parameters, start), base: snapshot });
  attachAdapter(model, await readAdapter(`${base}-reference`));
  const embeddings = encodeChunk(model, expected.queries.map(tokens));
  assertClose(embeddings, training.query_embeddings_after.flat(), 1e-4, `query of ${base} after 12 updates`);
  embeddings.dispose();
  disposeModel(model);
}

const recipe = {
  contract: { queryMaxLength: 20, passageMaxLength: 48 },
  lora: { rank: 8, alpha: 16, dropout: 0 },
  optimizer: { learningRate: 2e-3 },
  schedule: { warmupSteps: 1 },
  training: { steps: 4, queriesPerPool: 4, passagesPerQuery: 3, poolsPerUpdate: 1, saveEverySteps: 4 },
};

async function writeTraining(jsonLines: string, file: string): Promise<string> {
  const rows = readFileSync(jsonLines, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TevatronRow);
  const passage = ({ docid, title, text }: TevatronRow['positive_passages'][number]): Passage => ({
    id: docid,
    title,
    text,
  });
  const writer = await createExampleWriter(file, { rowsPerBatch: 8 });
  for (const row of rows)
    await writer.write({
      id: row.query_id,
      query: row.query,
      positives: row.positive_passages.map(passage),
      negatives: row.negative_passages.map(passage),
    });
  await writer.close();
  return file;
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
