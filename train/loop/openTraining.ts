import { resolve } from 'node:path';
import type { Adapter } from '../../checkpoints/adapter/adapter.js';
import { checkpointClaims } from '../../checkpoints/base/claims.js';
import { beyondPositions } from '../../checkpoints/base/beyondPositions.js';
import { withPrompts } from '../../checkpoints/base/withPrompts.js';
import { readContract, requireSameContract, writeContract } from '../../checkpoints/contract/contractFile.js';
import { readRunConfig, writeRunConfig, type RunRecord } from '../../checkpoints/run/config.js';
import { createRun, openRun, runsRoot, type RunFolder } from '../../checkpoints/run/folder.js';
import { lockRun } from '../../checkpoints/run/lock.js';
import type { Lock } from '../../setup/lock.mjs';
import { stateAdapter } from '../../checkpoints/run/stateAdapter.js';
import { baseReference } from '../../checkpoints/hub/baseReference.js';
import { fetchBase, refetchBase } from '../../checkpoints/hub/fetchBase.js';
import { requireVocabulary } from '../../model/load/requireVocabulary.js';
import { setStatesAside } from '../../checkpoints/run/setStatesAside.js';
import { latestState, type SavedState } from '../../checkpoints/run/state.js';
import type { Contract, Float32Products } from '../../configs/contract.js';
import type { LoadedConfig } from '../../configs/load/loadConfig.js';
import type { NamedBase } from '../../configs/load/resolveBase.js';
import { UserError } from '../../configs/userError.js';
import type { ExampleFile } from '../../data/arrow/openExamples.js';
import { requirePassages } from '../../data/stream/requirePassages.js';
import type { DataSpec } from '../../data/stream/dataSpec.js';
import { fileIdentity } from '../../data/files/fileIdentity.js';
import { makeContract } from '../../data/tokenizer/makeContract.js';
import { rowsAnEpoch } from '../../data/stream/planEpoch.js';
import type { TokenCache } from '../../data/tokenCache/openTokenCache.js';
import { loadTokenizer } from '../../data/tokenizer/tokenizer.js';
import { shapeIn } from '../../model/describe/describeBase.js';
import { requireFastEngine } from '../../model/describe/requireFastEngine.js';
import { describeEngine, type Engine, type EngineName } from '../../model/engine/startEngine.js';
import { loadModel } from '../../model/load/loadModel.js';
import type { Model } from '../../model/layer/decoder.js';
import { requireFit } from '../../model/layer/lora.js';
import type { MemoryPlan } from '../../model/memory/memoryPlan.js';
import { openDuring, type DuringTask } from '../during/duringTasks.js';
import { requireSameTasks } from '../during/standing.js';
import { openCaches, openFiles } from './openData.js';
import { planTraining } from './planTraining.js';
import {
  keepAdapterSettings,
  otherBaseContract,
  readStart,
  requireStartContract,
  startingAdapter,
} from './startAdapter.js';
import { poolBeyondData, updatesOf } from './pools.js';
import { requireSameEngine } from './sameEngine.js';

/** A run ready to train: everything read and checked, the adapter not yet on the device. */
export interface OpenTraining {
  model: Model;
  /** What training starts from: fresh, given, or saved. */
  adapter: Adapter;
  files: ExampleFile[];
  /** Kept tokens of each file, where there are any. */
  caches: (TokenCache | undefined)[];
  contract: Contract;
  record: RunRecord;
  paths: RunFolder;
  plan: MemoryPlan;
  engine: Engine;
  /** Tasks that the adapter is scored on while it is trained. */
  during: DuringTask[];
  from: SavedState | undefined;
  /** For people: what was not as asked. */
  warnings: string[];
  /** Keeps other processes out of the run folder. */
  lock: Lock;
}

export interface NewRun {
  base: NamedBase;
  recipe: string;
  loaded: LoadedConfig;
  data: DataSpec[];
  adapter: string | undefined;
  /** Fields of the contract in which that adapter may differ. */
  allowContract: readonly (keyof Contract)[];
  run: string;
}

/**
 * Open the base, the data and the adapter of a new run and write its config.yaml and contract.json.
 * Nothing is written before all of it can be used.
 * @throws UserError for whatever cannot be used
 */
export async function openNewRun(engine: Engine, asked: NewRun): Promise<OpenTraining> {
  const { recipe, loaded, run } = asked;
  const warnings: string[] = [];
  let settings = structuredClone(loaded.config);
  const given = asked.adapter === undefined ? undefined : await readStart(resolve(asked.adapter));
  if (given) {
    keepAdapterSettings(given.adapter, settings, loaded.overridden);
    warnings.push(...given.warnings);
  }
  const files = await openFiles(asked.data.map(({ path }) => path));
  warnings.push(...(await requirePassages(files, settings.training.passagesPerQuery - 1)));
  const weights = asked.data.map(({ weight }) => weight);
  const rows = Math.round(rowsAnEpoch(files, weights));
  const updates = updatesOf(settings, rows);
  warnings.push(...poolBeyondData(settings, rows));
  const { warmupSteps } = settings.schedule;
  if (warmupSteps >= updates)
    throw new UserError(
      `schedule.warmupSteps must be below the ${updates} updates of this run, or the rate never peaks; got ${warmupSteps}`,
    );
  const during = await openDuring(settings);
  const base = await fetchBase(asked.base);
  const claims = await checkpointClaims(base.folder);
  const prompted = withPrompts(settings, claims.prefixes, loaded.overridden);
  settings = prompted.settings;
  warnings.push(...claims.warnings, ...prompted.told);
  const tokenizer = await loadTokenizer(base.folder);
  if (tokenizer.slow !== null) warnings.push(tokenizer.slow);
  const { precision: wanted } = settings.contract;
  if (!engine.precisions.includes(wanted)) {
    settings.contract.precision = 'float32';
    warnings.push(`the ${engine.name} engine does not offer ${wanted}; this run computes in float32`);
  }
  const contract = makeContract(settings, tokenizer, settings.contract.precision, engine.float32Products);
  if (given) warnings.push(...requireStartContract(given, contract, asked.allowContract));
  warnings.push(...(await otherBaseContract(base.folder, contract)), ...(await beyondPositions(base.folder, contract)));
  const model = await loadModel(resolve(base.folder), contract.precision);
  requireVocabulary(tokenizer, model);
  const plan = await planTraining(model, tokenizer, contract, settings, files, weights);
  settings.training.chunkTokens = plan.chunkTokens; // a run that goes on must cut its chunks as before
  const identities = await Promise.all(files.map(({ path }) => fileIdentity(path)));
  const caches = await openCaches(files, identities, contract, warnings);
  const found = { name: base.name, folder: model.folder, weightsHash: model.weightsHash };
  const recorded: RunRecord['base'] = { ...found, ...(base.hub && { hub: base.hub }) };
  const adapter = startingAdapter(given?.adapter, model, settings, recorded);
  const record: RunRecord = {
    base: recorded,
    ...(Object.keys(prompted.taken).length > 0 && { prompts: prompted.taken }),
    recipe,
    engine: describeEngine(engine),
    data: asked.data.map(({ path }) => resolve(path)),
    ...(weights.some((weight) => weight !== 1) && { weights }),
    identities,
    rows,
    updates,
    ...(given && { adapter: given.folder, adapterHash: given.hash, allowContract: [...asked.allowContract] }),
    settings,
  };
  const paths = await createRun(runsRoot, run);
  const lock = lockRun(paths.folder);
  try {
    await writeContract(paths.contract, contract);
    await writeRunConfig(paths.config, record);
  } catch (error) {
    lock.release();
    throw error;
  }
  const from = undefined;
  return { model, adapter, files, caches, contract, record, paths, plan, engine, during, from, warnings, lock };
}

/**
 * Open a run that stopped, as it was told to run.
 * @param allowed  an engine that it may go on with though another computed it
 * @throws UserError when its engine, base, data or tokenizer are not what they were
 */
export async function openOldRun(engine: Engine, run: string, allowed?: EngineName): Promise<OpenTraining> {
  const paths = await openRun(runsRoot, run);
  const lock = lockRun(paths.folder);
  try {
    return { ...(await readOldRun(engine, run, paths, allowed)), lock };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function readOldRun(
  engine: Engine,
  run: string,
  paths: RunFolder,
  allowed: EngineName | undefined,
): Promise<Omit<OpenTraining, 'lock'>> {
  const written = await readRunConfig(paths.config);
  const { state: from, warnings } = await latestState(paths.state);
  const otherEngine = requireSameEngine(run, written, from, engine, allowed);
  if (otherEngine !== undefined) warnings.push(otherEngine);
  const during = await openDuring(written.settings);
  if (from) requireSameTasks(run, from, during);
  const record = { ...written, base: await refetchBase(written.base) };
  requireFastEngine(`training ${record.base.name}`, await shapeIn(record.base.folder), engine);
  const contract = await readContract(paths.contract);
  if (!engine.precisions.includes(contract.precision))
    throw new UserError(`run ${run} computes in ${contract.precision}, which the ${engine.name} engine does not offer`);
  requireSameProducts(contract, engine, run);
  const tokenizer = await loadTokenizer(record.base.folder);
  const now = makeContract(record.settings, tokenizer, contract.precision, engine.float32Products);
  requireSameContract(contract, now, `run ${run}`);
  const files = await openFiles(record.data);
  const identities = await Promise.all(files.map(({ path }) => fileIdentity(path)));
  const changed = record.data.find((_, file) => record.identities && record.identities[file] !== identities[file]);
  if (changed !== undefined)
    throw new UserError(
      `the training file ${changed} is not what it was when run ${run} began; put the old file back, or start a new run`,
    );
  const rows = Math.round(rowsAnEpoch(files, record.weights ?? files.map(() => 1)));
  if (rows !== record.rows)
    throw new UserError(
      `the training data of run ${run} had ${record.rows} rows and now has ${rows}; put the old files back or start anew`,
    );
  const model = await loadModel(record.base.folder, contract.precision);
  if (model.weightsHash !== record.base.weightsHash)
    throw new UserError(`the weights in ${record.base.folder} are not those run ${run} began with; put them back`);
  requireVocabulary(tokenizer, model);
  const plan = await planTraining(model, tokenizer, contract, record.settings, files, record.weights);
  warnings.push(...(await setStatesAside(paths.state, from?.step ?? 0)));
  if (tokenizer.slow !== null) warnings.push(tokenizer.slow);
  const caches = await openCaches(files, identities, contract, warnings);
  const { settings, base } = record;
  const like = { ...settings.lora, ...baseReference(base), weightsHash: base.weightsHash };
  const adapter = from
    ? stateAdapter(from, like)
    : startingAdapter(await sameStart(record, run), model, settings, base);
  requireFit(model, adapter);
  return { model, adapter, files, caches, contract, record, paths, plan, engine, during, from, warnings };
}

/** The adapter that a run started from, if it did. @throws UserError when it is another now */
async function sameStart({ adapter: folder, adapterHash }: RunRecord, run: string): Promise<Adapter | undefined> {
  if (folder === undefined) return undefined;
  const { adapter, hash } = await readStart(folder);
  if (adapterHash !== undefined && hash !== adapterHash)
    throw new UserError(
      `the adapter ${folder} is not what it was when run ${run} began; put the old one back, or start a new run`,
    );
  return adapter;
}

/** @throws UserError where float32 matrices are not multiplied as the run did, so that it could not go on as it was */
function requireSameProducts(contract: Contract, { float32Products: now }: Engine, run: string): void {
  const before: Float32Products = contract.float32Products ?? 'float32';
  if (before === now) return;
  const remedy =
    now === 'tf32'
      ? 'set NVIDIA_TF32_OVERRIDE=0'
      : "go on where NVIDIA's TF32 is to be had and NVIDIA_TF32_OVERRIDE is not 0";
  throw new UserError(`run ${run} must go on in the arithmetic it began in, ${before}; got ${now}; ${remedy}`);
}
