import { resolve } from 'node:path';
import { checkpointClaims } from '../../../checkpoints/base/claims.js';
import { beyondPositions } from '../../../checkpoints/base/beyondPositions.js';
import { withPrompts } from '../../../checkpoints/base/withPrompts.js';
import { writeContract } from '../../../checkpoints/contract/contractFile.js';
import { writeRunConfig, type RunRecord } from '../../../checkpoints/run/config.js';
import { createRun, runsRoot } from '../../../checkpoints/run/folder.js';
import { lockRun } from '../../../checkpoints/run/lock.js';
import { fetchBase } from '../../../checkpoints/hub/fetchBase.js';
import { requireVocabulary } from '../../../model/load/requireVocabulary.js';
import type { Contract } from '../../../configs/contract.js';
import type { LoadedConfig } from '../../../configs/load/loadConfig.js';
import type { NamedBase } from '../../../configs/load/resolveBase.js';
import { UserError } from '../../../configs/userError.js';
import { requirePassages } from '../../../data/stream/requirePassages.js';
import type { DataSpec } from '../../../data/stream/dataSpec.js';
import { fileIdentity } from '../../../data/files/fileIdentity.js';
import { rowsAnEpoch } from '../../../data/stream/planEpoch.js';
import { loadTokenizer } from '../../../data/tokenizer/tokenizer.js';
import { describeEngine, type Engine } from '../../../model/engine/startEngine.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { baseContract } from '../../../model/vision/baseContract.js';
import { openDuring } from '../../during/duringTasks.js';
import { requireImagesRead } from '../../during/requireImagesRead.js';
import { haveImages } from '../images/knownImages.js';
import { openCaches, openFiles } from './openData.js';
import { openRunImages } from '../images/openImages.js';
import { planTraining } from '../planTraining.js';
import {
  keepAdapterSettings,
  otherBaseContract,
  readStart,
  requireStartContract,
  startingAdapter,
  type StartAdapter,
} from './startAdapter.js';
import { poolBeyondData, updatesOf } from '../pools.js';
import { closedWhereRefused, type Inputs } from './inputs.js';
import type { OpenTraining } from './openTraining.js';

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
export const openNewRun = (engine: Engine, asked: NewRun): Promise<OpenTraining> =>
  closedWhereRefused((opened) => makeNewRun(engine, asked, opened));

async function makeNewRun(engine: Engine, asked: NewRun, opened: Inputs): Promise<OpenTraining> {
  const { recipe, loaded, run } = asked;
  const warnings: string[] = [];
  let settings = structuredClone(loaded.config);
  const given = asked.adapter === undefined ? undefined : await readStart(resolve(asked.adapter));
  if (given) {
    keepAdapterSettings(given.adapter, settings, loaded.overridden);
    warnings.push(...given.warnings);
  }
  const files = (opened.files = await openFiles(asked.data.map(({ path }) => path)));
  warnings.push(...(await requirePassages(files, settings.training.passagesPerQuery - 1)));
  const ofImages = loaded.overridden.find((path) => path.startsWith('image.'));
  if (ofImages !== undefined && !haveImages(files))
    throw new UserError(`--set ${ofImages} has no effect on training data without images; leave it out`);
  if (settings.lora.tower && !haveImages(files)) throw new UserError(idleTower(given));
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
  const arithmetic = { ...engine, precision: settings.contract.precision };
  const of = { folder: base.folder, tokenizer };
  const { contract, vision } = await baseContract(of, settings, arithmetic, haveImages(files));
  await requireImagesRead(settings, contract);
  if (given) warnings.push(...requireStartContract(given, contract, asked.allowContract));
  warnings.push(...(await otherBaseContract(base.folder, contract)), ...(await beyondPositions(base.folder, contract)));
  const model = (opened.model = await loadModel(resolve(base.folder), contract.precision));
  requireVocabulary(tokenizer, model);
  const plan = await planTraining(model, tokenizer, contract, settings, files, weights, vision?.config);
  settings.training.chunkTokens = plan.chunkTokens; // a run that goes on must cut its chunks as before
  const identities = await Promise.all(files.map(({ path }) => fileIdentity(path)));
  const caches = (opened.caches = await openCaches(files, identities, contract, warnings));
  const found = { name: base.name, folder: model.folder, weightsHash: model.weightsHash };
  const recorded: RunRecord['base'] = { ...found, ...(base.hub && { hub: base.hub }) };
  const images = (opened.images = vision && (await openRunImages(vision, model, contract, settings, files)));
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
  return { model, images, adapter, files, caches, contract, record, paths, plan, engine, during, from, warnings, lock };
}

const idleTower = (given: StartAdapter | undefined) =>
  given
    ? `the adapter ${given.folder} changes the vision tower, which training data without images cannot train; give it data with images`
    : 'lora.tower=true has no effect on training data without images; leave it out';
