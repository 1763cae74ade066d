import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readAdapter, type Adapter } from '../checkpoints/adapter.js';
import { readContract, requireSameContract } from '../checkpoints/contractFile.js';
import { readRunConfig } from '../checkpoints/runConfig.js';
import { openRun, runsRoot } from '../checkpoints/runFolder.js';
import { readState, stateName } from '../checkpoints/state.js';
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
import { modelEncoder, type Encoder } from './encoder.js';

/** An encoder with the model behind it. */
export interface OpenEncoder {
  encoder: Encoder;
  /** Frees the model and ends the tokenizer's threads. */
  close(): Promise<void>;
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
}

/**
 * Open what a user names as a model: `base:NAME` or `base:FOLDER`, `run:NAME` or `run:NAME@STEP`, or the folder of an
 * adapter or of a checkpoint. A base is encoded under the contract of a recipe.
 * @param options.precision  instead of that of the contract; the embeddings then carry a contract of their own
 * @throws UserError when it does not exist, or was trained under rules that cannot be met here
 */
export async function openEncoder(
  model: string,
  options: { recipe: string; precision?: Precision | undefined },
): Promise<OpenEncoder> {
  const source = await findSource(model, options.recipe);
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
  if (source.weightsHash !== undefined && source.weightsHash !== loaded.weightsHash)
    throw new UserError(`the weights in ${source.base.folder} are not those ${model} was trained on; put them back`);
  if (source.adapter) attachAdapter(loaded, source.adapter);
  const threads = await startTokenizerThreads(source.base.folder, contract, source.settings.training.tokenizerThreads);
  return {
    encoder: modelEncoder(source.name, loaded, threads, contract, source.settings.evaluation.batchTokens),
    close: async () => {
      await threads.close();
      disposeModel(loaded);
    },
  };
}

/** The recipe whose contract a model has that brings none of its own: that of the base, else the study's. */
export function recipeOf(model: string): string {
  return resolveBase(/^base:(.+)/.exec(model)?.[1] ?? '.').recipe;
}

async function findSource(model: string, recipe: string): Promise<Source> {
  const [kind, ...rest] = model.split(':');
  if (kind === 'base' && rest.length > 0)
    return { name: model, base: resolveBase(rest.join(':')), settings: loadConfig(recipe).config };
  if (kind === 'run' && rest.length > 0) return runSource(rest.join(':'), model);
  if (existsSync(join(model, 'adapter_config.json'))) return adapterSource(model, recipe);
  if (existsSync(join(model, 'config.json'))) return checkpointSource(model, recipe);
  throw new UserError(
    `--model must be base:NAME, run:NAME, run:NAME@STEP, bm25, or the folder of an adapter or checkpoint; got ${model}`,
  );
}

async function runSource(text: string, name: string): Promise<Source> {
  const [run, step] = text.split('@') as [string, string?];
  const paths = await openRun(runsRoot, run);
  const { base, settings } = await readRunConfig(paths.config);
  const contract = await readContract(paths.contract);
  if (step === undefined) {
    if (!existsSync(paths.adapter))
      throw new UserError(
        `run ${run} has no adapter yet; finish it by --resume, or name a saved step as run:${run}@STEP`,
      );
    return { name, base, weightsHash: base.weightsHash, adapter: await readAdapter(paths.adapter), contract, settings };
  }
  const folder = join(paths.state, stateName(Number(step)));
  if (!/^\d+$/.test(step) || !existsSync(folder))
    throw new UserError(`run ${run} has no saved state of step ${step} in ${paths.state}`);
  const adapter = stateAdapter(await readState(folder), settings, base);
  return { name, base, weightsHash: base.weightsHash, adapter, contract, settings };
}

/** The adapter within a saved state. */
function stateAdapter(
  { tensors }: Awaited<ReturnType<typeof readState>>,
  { lora }: RunConfig,
  base: Source['base'],
): Adapter {
  const matrices: Adapter['matrices'] = new Map();
  for (const [name, a] of tensors) {
    const place = /^(layers\..*)\.lora_A$/.exec(name)?.[1];
    if (place === undefined) continue;
    const b = tensors.get(`${place}.lora_B`)!;
    matrices.set(place, { a: a.values, b: b.values, inSize: a.shape[1]!, outSize: b.shape[0]! });
  }
  const { rank, alpha, dropout, targets } = lora;
  return { rank, alpha, dropout, targets, base: base.folder, matrices };
}

async function adapterSource(folder: string, recipe: string): Promise<Source> {
  const adapter = await readAdapter(folder);
  return { ...(await checkpointSource(folder, recipe)), base: resolveBase(adapter.base), adapter };
}

/** An exported model brings its contract along; one of another tool is encoded under that of a recipe. */
async function checkpointSource(folder: string, recipe: string): Promise<Source> {
  const file = join(folder, 'contract.json');
  const contract = existsSync(file) ? await readContract(file) : undefined;
  const settings = loadConfig(recipe).config;
  if (contract) Object.assign(settings, settingsOf(contract, settings));
  return { name: folder, base: resolveBase(folder), settings, ...(contract && { contract }) };
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
