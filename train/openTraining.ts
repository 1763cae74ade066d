import { resolve } from 'node:path';
import { readAdapter, type Adapter } from '../checkpoints/adapter.js';
import { readContract, requireSameContract, writeContract } from '../checkpoints/contractFile.js';
import { readRunConfig, writeRunConfig, type RunRecord } from '../checkpoints/runConfig.js';
import { createRun, openRun, runsRoot, type RunFolder } from '../checkpoints/runFolder.js';
import { latestState, type SavedState } from '../checkpoints/state.js';
import type { Contract } from '../configs/contract.js';
import type { LoadedConfig } from '../configs/loadConfig.js';
import type { Base } from '../configs/resolveBase.js';
import { UserError } from '../configs/userError.js';
import { openExamples, type ExampleFile } from '../data/arrow/openExamples.js';
import { makeContract } from '../data/makeContract.js';
import { loadTokenizer } from '../data/tokenizer.js';
import type { Engine } from '../model/engine/startEngine.js';
import { loadModel, type Model } from '../model/loadModel.js';
import { freshAdapter, requireFit } from '../model/lora.js';
import { updatesOf } from './pools.js';

/** A run ready to train: everything read and checked, the adapter not yet on the device. */
export interface OpenTraining {
  model: Model;
  /** What training starts from: fresh, given, or saved. */
  adapter: Adapter;
  files: ExampleFile[];
  contract: Contract;
  record: RunRecord;
  paths: RunFolder;
  from: SavedState | undefined;
  /** For people: what was not as asked. */
  warnings: string[];
}

export interface NewRun {
  base: Base;
  recipe: string;
  loaded: LoadedConfig;
  data: string[];
  adapter: string | undefined;
  run: string;
}

/**
 * Open the base, the data and the adapter of a new run and write its config.yaml and contract.json.
 * Nothing is written before all of it can be used.
 * @throws UserError for whatever cannot be used
 */
export async function openNewRun(engine: Engine, asked: NewRun): Promise<OpenTraining> {
  const { base, recipe, loaded, run } = asked;
  const warnings: string[] = [];
  const settings = structuredClone(loaded.config);
  const given = asked.adapter === undefined ? undefined : await readAdapter(asked.adapter);
  if (given) keepAdapterSettings(given, settings, loaded.overridden);
  const files = await openFiles(asked.data);
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  const updates = updatesOf(settings, rows);
  const { warmupSteps } = settings.schedule;
  if (warmupSteps >= updates)
    throw new UserError(
      `schedule.warmupSteps must be below the ${updates} updates of this run, or the rate never peaks; got ${warmupSteps}`,
    );
  const tokenizer = await loadTokenizer(base.folder);
  const { precision: wanted } = settings.contract;
  if (!engine.precisions.includes(wanted)) {
    settings.contract.precision = 'float32';
    warnings.push(`the ${engine.name} engine does not offer ${wanted}; this run computes in float32`);
  }
  const contract = makeContract(settings, tokenizer, settings.contract.precision);
  const model = await loadModel(base.folder, contract.precision);
  const adapter = given ?? freshAdapter(model, settings.lora, settings.seed);
  requireFit(model, adapter);
  const record: RunRecord = {
    base: { name: base.name, folder: resolve(base.folder), weightsHash: model.weightsHash },
    recipe,
    data: asked.data.map((file) => resolve(file)),
    rows,
    updates,
    ...(asked.adapter !== undefined && { adapter: resolve(asked.adapter) }),
    settings,
  };
  const paths = await createRun(runsRoot, run);
  await writeContract(paths.contract, contract);
  await writeRunConfig(paths.config, record);
  return { model, adapter, files, contract, record, paths, from: undefined, warnings };
}

/**
 * Open a run that stopped, as it was told to run.
 * @throws UserError when its base, data or tokenizer are not what they were
 */
export async function openOldRun(engine: Engine, run: string): Promise<OpenTraining> {
  const paths = await openRun(runsRoot, run);
  const record = await readRunConfig(paths.config);
  const contract = await readContract(paths.contract);
  if (!engine.precisions.includes(contract.precision))
    throw new UserError(`run ${run} computes in ${contract.precision}, which the ${engine.name} engine does not offer`);
  const tokenizer = await loadTokenizer(record.base.folder);
  requireSameContract(contract, makeContract(record.settings, tokenizer, contract.precision), `run ${run}`);
  const files = await openFiles(record.data);
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  if (rows !== record.rows)
    throw new UserError(
      `the training data of run ${run} had ${record.rows} rows and now has ${rows}; put the old files back or start anew`,
    );
  const model = await loadModel(record.base.folder, contract.precision);
  if (model.weightsHash !== record.base.weightsHash)
    throw new UserError(`the weights in ${record.base.folder} are not those run ${run} began with; put them back`);
  const { state: from, warnings } = await latestState(paths.state);
  const start =
    record.adapter === undefined
      ? freshAdapter(model, record.settings.lora, record.settings.seed)
      : await readAdapter(record.adapter);
  return { model, adapter: from ? savedAdapter(start, from) : start, files, contract, record, paths, from, warnings };
}

/** A given adapter brings its rank, alpha and targets along; stating others would have no effect. */
function keepAdapterSettings(
  { rank, alpha, targets }: Adapter,
  settings: RunRecord['settings'],
  overridden: string[],
): void {
  const ineffective = overridden.find((path) => ['lora.rank', 'lora.alpha', 'lora.targets'].includes(path));
  if (ineffective)
    throw new UserError(
      `${ineffective} has no effect with --adapter, which keeps the adapter's own; leave one of them out`,
    );
  Object.assign(settings.lora, { rank, alpha, targets });
}

async function openFiles(paths: string[]): Promise<ExampleFile[]> {
  const files: ExampleFile[] = [];
  for (const path of paths) files.push(await openExamples(path));
  return files;
}

function savedAdapter(like: Adapter, { tensors }: SavedState): Adapter {
  const matrices = [...like.matrices].map(([name, matrix]) => {
    const values = (half: string) => {
      const tensor = tensors.get(`${name}.${half}`);
      if (!tensor)
        throw new UserError(`the saved state lacks ${name}.${half}; remove it and resume from the one before`);
      return tensor.values;
    };
    return [name, { ...matrix, a: values('lora_A'), b: values('lora_B') }] as const;
  });
  return { ...like, matrices: new Map(matrices) };
}
