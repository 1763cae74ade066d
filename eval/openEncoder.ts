import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readAdapter, type Adapter } from '../checkpoints/adapter.js';
import { readContract, requireSameContract } from '../checkpoints/contractFile.js';
import { readRunConfig } from '../checkpoints/runConfig.js';
import { openRun, runsRoot } from '../checkpoints/runFolder.js';
import { readState, stateName } from '../checkpoints/state.js';
import { stateAdapter } from '../checkpoints/stateAdapter.js';
import type { Contract, Precision } from '../configs/contract.js';
import { loadConfig } from '../configs/loadConfig.js';
import { resolveBase, type Base } from '../configs/resolveBase.js';
import type { RunConfig } from '../configs/schema.js';
import { UserError } from '../configs/userError.js';
import { makeContract } from '../data/makeContract.js';
import { loadTokenizer } from '../data/tokenizer.js';
import { startTokenizerThreads } from '../data/tokenizerThreads.js';
import { startEngine } from '../model/engine/startEngine.js';
import { disposeModel, loadModel } from '../model/loadModel.js';
import { attachAdapter } from '../model/lora.js';
import { requireVocabulary } from '../model/requireVocabulary.js';
import { modelEncoder, type Encoder } from './encoder.js';

/** An encoder with the model behind it. */
export interface OpenEncoder {
  encoder: Encoder;
  /** The recipe that was asked for, where the base's own would have given another contract. */
  recipe: string | undefined;
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
}

/** What `--model` names, before anything large is loaded. */
interface Source {
  name: string;
  base: Pick<Base, 'name' | 'folder'>;
  /** Of the weights that a run was trained on. */
  weightsHash?: string;
  adapter?: Adapter;
  /** The rules it was trained under; a base has none of its own. */
  contract?: Contract;
  settings: RunConfig;
  /** Whose contract it is encoded under when none is asked for; a model with a contract needs none. */
  recipe?: string;
}

/**
 * Open what a user names as a model: `base:NAME` or `base:FOLDER`, `run:NAME` or `run:NAME@STEP`, or the folder of an
 * adapter or of a checkpoint. A model that brings no contract along is encoded under that of a recipe.
 * @throws UserError when it does not exist, was trained under rules that cannot be met here, or an option has no effect
 */
export async function openEncoder(model: string, options: EncoderOptions = {}): Promise<OpenEncoder> {
  const source = await findSource(model, options);
  const engine = await startEngine();
  const tokenizer = await loadTokenizer(source.base.folder);
  const trained = source.contract;
  const precision = options.precision ?? trained?.precision ?? source.settings.contract.precision;
  if (!engine.precisions.includes(precision))
    throw new UserError(
      `${model} is to be encoded in ${precision}, which the ${engine.name} engine does not offer; add --precision float32`,
    );
  const contract = trained ? { ...trained, precision } : makeContract(source.settings, tokenizer, precision);
  const now = makeContract(source.settings, tokenizer, precision);
  requireSameContract(contract, now, model);
  const loaded = await loadModel(source.base.folder, precision);
  requireVocabulary(tokenizer, loaded);
  if (source.weightsHash !== undefined && source.weightsHash !== loaded.weightsHash)
    throw new UserError(`the weights in ${source.base.folder} are not those ${model} was trained on; put them back`);
  if (source.adapter) attachAdapter(loaded, source.adapter);
  const threads = await startTokenizerThreads(source.base.folder, contract, source.settings.training.tokenizerThreads);
  return {
    encoder: modelEncoder(source.name, loaded, threads, contract, source.settings.evaluation.batchTokens),
    recipe: options.recipe === source.recipe ? undefined : options.recipe,
    close: async () => {
      await threads.close();
      disposeModel(loaded);
    },
  };
}

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
  return { name, base, recipe: base.recipe, settings: loadConfig(recipe ?? base.recipe).config };
}

async function runSource(text: string, name: string): Promise<Source> {
  const [run, step] = text.split('@') as [string, string?];
  const paths = await openRun(runsRoot, run);
  const { base, settings } = await readRunConfig(paths.config);
  const contract = await readContract(paths.contract);
  const source = { name, base, weightsHash: base.weightsHash, contract, settings };
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
  const like = { ...settings.lora, base: base.folder, weightsHash: base.weightsHash };
  return { ...source, adapter: stateAdapter(await readState(folder), like) };
}

async function adapterSource(folder: string, recipe: string | undefined, named: string | undefined): Promise<Source> {
  const adapter = await readAdapter(folder);
  return { ...(await folderSource(folder, recipe, baseOf(folder, adapter, named))), adapter };
}

/** Adapters from elsewhere name their base by an id of a hub, or by a path of another machine. */
function baseOf(folder: string, adapter: Adapter, named: string | undefined): Base {
  if (named !== undefined) return resolveBase(named);
  try {
    return resolveBase(adapter.base);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `the base of the adapter ${folder}, ${adapter.base || 'which it does not name'}, is not found here; add --base with its name or folder`,
    );
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
async function folderSource(folder: string, recipe: string | undefined, base: Base): Promise<Source> {
  const file = join(folder, 'contract.json');
  const settings = loadConfig(recipe ?? base.recipe).config;
  if (!existsSync(file)) return { name: folder, base, settings, recipe: base.recipe };
  const contract = await readContract(file);
  return { name: folder, base, contract, settings: { ...settings, ...settingsOf(contract, settings) } };
}

/** The settings that would make this contract, so that it can be checked against the base's tokenizer. */
function settingsOf(contract: Contract, settings: RunConfig): Pick<RunConfig, 'contract' | 'loss'> {
  const { queryPrefix, passagePrefix, queryMaxLength, passageMaxLength, precision, temperature, eosId } = contract;
  const appendEos = eosId !== null;
  return {
    contract: { queryPrefix, passagePrefix, queryMaxLength, passageMaxLength, appendEos, precision },
    loss: { ...settings.loss, temperature },
  };
}
