import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { adapterClaims, readAdapter, withoutTower, type Adapter } from '../../checkpoints/adapter/adapter.js';
import { isInTower, keysFor } from '../../checkpoints/adapter/names.js';
import { readJsonObject } from '../../checkpoints/base/baseFolder.js';
import { checkpointClaims } from '../../checkpoints/base/claims.js';
import { beyondPositions } from '../../checkpoints/base/beyondPositions.js';
import { withPrompts } from '../../checkpoints/base/withPrompts.js';
import { adapterProblems } from '../../checkpoints/adapter/problems.js';
import { readContract, requireSameContract } from '../../checkpoints/contract/contractFile.js';
import { baseReference } from '../../checkpoints/hub/baseReference.js';
import { fetchBase, refetchBase } from '../../checkpoints/hub/fetchBase.js';
import { readRunConfig } from '../../checkpoints/run/config.js';
import { openRun, runsRoot } from '../../checkpoints/run/folder.js';
import { readState, stateName } from '../../checkpoints/run/state.js';
import { stateAdapter } from '../../checkpoints/run/stateAdapter.js';
import type { Contract, Precision } from '../../configs/contract.js';
import type { BaseShape } from '../../configs/load/baseFile.js';
import { loadConfig } from '../../configs/load/loadConfig.js';
import { resolveBase, type NamedBase } from '../../configs/load/resolveBase.js';
import type { RunConfig } from '../../configs/schema.js';
import { UserError } from '../../configs/userError.js';
import { withArithmetic, withSettingsOf } from '../../data/tokenizer/makeContract.js';
import { loadTokenizer } from '../../data/tokenizer/tokenizer.js';
import { startTokenizerThreads } from '../../data/tokenizer/threads.js';
import { shapeIn } from '../../model/describe/describeBase.js';
import { requireFastEngine } from '../../model/describe/requireFastEngine.js';
import { startEngine } from '../../model/engine/startEngine.js';
import { loadModel } from '../../model/load/loadModel.js';
import { disposeModel } from '../../model/layer/decoder.js';
import { attachAdapter } from '../../model/layer/lora.js';
import { requireVocabulary } from '../../model/load/requireVocabulary.js';
import { loadTower } from '../../model/vision/loadTower.js';
import { baseContract } from '../../model/vision/baseContract.js';
import { openImageReader } from './imageReader.js';
import { modelEncoder, type Encoder } from './encoder.js';
import { encodingSettings } from './encodingSettings.js';

/** An encoder with the model behind it. */
export interface OpenEncoder {
  encoder: Encoder;
  /** For people: what makes it slower than it could be. */
  warnings: string[];
  /** Frees the model and ends the tokenizer's threads. */
  close(): Promise<void>;
}

/** What a user may say about a model besides its name. */
export interface EncoderOptions {
  /** Whose contract a model without one is encoded under; the base's own unless given. */
  recipe?: string | undefined;
  /** Instead of that of the contract; the embeddings then carry a contract of their own. */
  precision?: Precision | undefined;
  /** Name or folder of the base of an adapter's folder, instead of the one that the adapter names. */
  base?: string | undefined;
  /** Texts may have images, for which the vision tower is loaded. */
  images?: boolean;
  /** Settings of the recipe or the run that are changed, as `path=value`. */
  set?: readonly string[];
}

/** What `--model` names, before anything large is loaded. */
interface Source {
  name: string;
  /** Has the base's files on this machine, downloaded when they are not. */
  fetchBase(): Promise<{ folder: string }>;
  /** Of the base, where it is known before the files are here. */
  shape?: BaseShape | undefined;
  /** Of the weights that a run was trained on. */
  weightsHash?: string;
  adapter?: Adapter;
  /** For people: what it says of itself that is not followed. */
  warnings?: string[];
  /** The rules it was trained under; a base has none of its own. */
  contract?: Contract;
  settings: RunConfig;
}

/**
 * Open what a user names as a model: `base:NAME` or `base:FOLDER`, `run:NAME` or `run:NAME@STEP`, or the folder of an
 * adapter or of a checkpoint. A model that brings no contract along is encoded under that of a recipe.
 * @throws UserError when it does not exist, was trained under rules that cannot be met here, or an option has no effect
 */
export async function openEncoder(model: string, options: EncoderOptions = {}): Promise<OpenEncoder> {
  const source = await findSource(model, options);
  const under = (settings: RunConfig) =>
    encodingSettings(model, settings, options.set ?? [], source.contract !== undefined, options.images);
  under(source.settings); // mistakes in them are told before a base is fetched
  if (options.images && source.contract && !source.contract.image)
    throw new UserError(
      `${model} was trained on texts alone: its contract does not say how images are read; name a base, as base:qwen-vl`,
    );
  const engine = await startEngine();
  const work = `encoding with ${model}`;
  requireFastEngine(work, source.shape, engine);
  const { folder } = await source.fetchBase();
  requireFastEngine(work, await shapeIn(folder), engine);
  const claims = await checkpointClaims(folder);
  const tokenizer = await loadTokenizer(folder);
  const trained = source.contract;
  const settings = under(trained ? source.settings : withPrompts(source.settings, claims.prefixes).settings);
  const precision = options.precision ?? trained?.precision ?? settings.contract.precision;
  if (!engine.precisions.includes(precision))
    throw new UserError(
      `${model} is to be encoded in ${precision}, which the ${engine.name} engine does not offer; add --precision float32`,
    );
  const { float32Products } = engine;
  const readsImages = trained ? trained.image !== undefined : options.images === true;
  const arithmetic = { precision, float32Products };
  const { contract: now, vision } = await baseContract({ folder, tokenizer }, settings, arithmetic, readsImages);
  const contract = trained ? withArithmetic(trained, precision, float32Products) : now;
  requireSameContract(contract, now, model);
  const loaded = await loadModel(folder, precision);
  requireVocabulary(tokenizer, loaded);
  if (source.weightsHash !== undefined && source.weightsHash !== loaded.weightsHash)
    throw new UserError(`the weights in ${folder} are not those ${model} was trained on; put them back`);
  const tower = vision && options.images ? await loadTower(folder, precision, vision.config) : undefined;
  const reader = tower && openImageReader(vision!, tower, contract.image!, settings.training.tokenizerThreads);
  if (vision) loaded.sections = vision.config.sections;
  if (tower) loaded.tower = tower.blocks;
  const { adapter } = source;
  if (adapter) attachAdapter(loaded, tower || !(await hasTower(folder)) ? adapter : withoutTower(adapter));
  const problems = adapter ? adapterProblems(adapter, loaded.config.layers, adapter.targets) : [];
  const threads = await startTokenizerThreads(folder, contract, settings.training.tokenizerThreads, tokenizer);
  return {
    encoder: modelEncoder(source.name, loaded, threads, contract, settings.evaluation.batchTokens, { reader }),
    warnings: [
      ...claims.warnings,
      ...(source.warnings ?? []),
      ...(await beyondPositions(folder, contract)),
      ...problems.map((problem) => `the adapter of ${model}: ${problem}`),
      ...(tokenizer.slow === null ? [] : [tokenizer.slow]),
    ],
    close: async () => {
      await threads.close();
      await reader?.close();
      disposeModel(loaded);
    },
  };
}

const hasTower = async (folder: string) =>
  keysFor(await readJsonObject(join(folder, 'config.json'))) === 'vision-language';

async function findSource(model: string, { recipe, base }: EncoderOptions): Promise<Source> {
  const [kind, ...rest] = model.split(':');
  const isNamed = (kind === 'base' || kind === 'run') && rest.length > 0;
  const isAdapter = !isNamed && existsSync(join(model, 'adapter_config.json'));
  if (base !== undefined && !isAdapter)
    throw new UserError(`--base has no effect on ${model}, which is not the folder of an adapter; leave it out`);
  const source = isNamed
    ? await (kind === 'base' ? baseSource(rest.join(':'), model, recipe) : runSource(rest.join(':'), model))
    : await (isAdapter ? adapterSource(model, recipe, base) : checkpointSource(model, recipe));
  if (recipe !== undefined && source.contract)
    throw new UserError(`--recipe has no effect on ${model}, which has a contract of its own; leave it out`);
  return source;
}

async function baseSource(text: string, name: string, recipe: string | undefined): Promise<Source> {
  const base = resolveBase(text);
  const settings = loadConfig(recipe ?? base.recipe).config;
  return { name, fetchBase: () => fetchBase(base), shape: base.file?.shape, settings };
}

async function runSource(text: string, name: string): Promise<Source> {
  const [run, step] = text.split('@') as [string, string?];
  const paths = await openRun(runsRoot, run);
  const { base, settings } = await readRunConfig(paths.config);
  const contract = await readContract(paths.contract);
  const source = { name, fetchBase: () => refetchBase(base), weightsHash: base.weightsHash, contract, settings };
  if (step === undefined) {
    if (!existsSync(paths.adapter))
      throw new UserError(
        `run ${run} has no adapter yet; finish it by --resume, or name a saved step as run:${run}@STEP`,
      );
    return { ...source, adapter: await readAdapter(paths.adapter) };
  }
  const folder = join(paths.state, stateName(Number(step)));
  if (!/^\d+$/.test(step) || !existsSync(folder))
    throw new UserError(`run ${run} has no saved state of step ${step} in ${paths.state}`);
  const like = { ...settings.lora, ...baseReference(base), weightsHash: base.weightsHash };
  return { ...source, adapter: stateAdapter(await readState(folder), like) };
}

async function adapterSource(folder: string, recipe: string | undefined, named: string | undefined): Promise<Source> {
  const adapter = await readAdapter(folder);
  const warnings = await adapterClaims(folder);
  const base = named === undefined ? baseOf(folder, adapter) : resolveBase(named);
  const source = await folderSource(folder, recipe, base);
  const settings = source.contract ? source.settings : withTowerOf(adapter, source.settings);
  const fetch = named === undefined ? { fetchBase: () => fetchFor(folder, base) } : {};
  return { ...source, ...fetch, settings, adapter, warnings };
}

/** Whether the tower is adapted is told by the adapter, not by a recipe. */
function withTowerOf({ matrices }: Adapter, { lora: { tower: _, ...lora }, ...settings }: RunConfig): RunConfig {
  const changesTower = [...matrices.keys()].some(isInTower);
  return { ...settings, lora: { ...lora, ...(changesTower && { tower: true }) } };
}

/** Adapters from elsewhere name their base by an id of the hub, perhaps with its commit, or by a path of another machine. */
function baseOf(folder: string, { base, revision }: Adapter): NamedBase {
  try {
    const named = resolveBase(base);
    return revision && 'id' in named.source ? { ...named, source: { id: named.source.id, revision } } : named;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `the base of the adapter ${folder}, ${base || 'which it does not name'}, is not found here; add --base with its name or folder`,
    );
  }
}

async function fetchFor(folder: string, base: NamedBase): Promise<{ folder: string }> {
  try {
    return await fetchBase(base);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`the base of the adapter ${folder}: ${error.message}; --base can name another place of it`);
  }
}

async function checkpointSource(folder: string, recipe: string | undefined): Promise<Source> {
  if (!existsSync(join(folder, 'config.json')))
    throw new UserError(
      `--model must be base:NAME, run:NAME, run:NAME@STEP, bm25, or the folder of an adapter or checkpoint; got ${folder}`,
    );
  return folderSource(folder, recipe, resolveBase(resolve(folder))); // resolved, it is not taken for the name of a base
}

/** An exported model brings its contract along; one of another tool is encoded under that of a recipe. */
async function folderSource(folder: string, recipe: string | undefined, base: NamedBase): Promise<Source> {
  const file = join(folder, 'contract.json');
  const settings = loadConfig(recipe ?? base.recipe).config;
  const source = { name: folder, fetchBase: () => fetchBase(base), shape: base.file?.shape };
  if (!existsSync(file)) return { ...source, settings };
  const contract = await readContract(file);
  return { ...source, contract, settings: withSettingsOf(contract, settings) };
}
