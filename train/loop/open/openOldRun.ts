import type { Adapter } from '../../../checkpoints/adapter/adapter.js';
import { readContract, requireSameContract } from '../../../checkpoints/contract/contractFile.js';
import { readRunConfig, type RunRecord } from '../../../checkpoints/run/config.js';
import { openRun, runsRoot, type RunFolder } from '../../../checkpoints/run/folder.js';
import { lockRun } from '../../../checkpoints/run/lock.js';
import { stateAdapter } from '../../../checkpoints/run/stateAdapter.js';
import { baseReference } from '../../../checkpoints/hub/baseReference.js';
import { refetchBase } from '../../../checkpoints/hub/fetchBase.js';
import { requireVocabulary } from '../../../model/load/requireVocabulary.js';
import { setStatesAside } from '../../../checkpoints/run/setStatesAside.js';
import { latestState } from '../../../checkpoints/run/state.js';
import type { Contract, Float32Products } from '../../../configs/contract.js';
import { UserError } from '../../../configs/userError.js';
import { fileIdentity } from '../../../data/files/fileIdentity.js';
import { rowsAnEpoch } from '../../../data/stream/planEpoch.js';
import { loadTokenizer } from '../../../data/tokenizer/tokenizer.js';
import { shapeIn } from '../../../model/describe/describeBase.js';
import { requireFastEngine } from '../../../model/describe/requireFastEngine.js';
import type { Engine, EngineName } from '../../../model/engine/startEngine.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { baseContract } from '../../../model/vision/baseContract.js';
import { requireFit } from '../../../model/layer/lora.js';
import { openDuring } from '../../during/duringTasks.js';
import { requireSameTasks } from '../../during/standing.js';
import { openCaches, openFiles } from './openData.js';
import { openRunImages } from '../images/openImages.js';
import { planTraining } from '../planTraining.js';
import { readStart, startingAdapter } from './startAdapter.js';
import { requireSameEngine } from '../sameEngine.js';
import { closedWhereRefused, type Inputs } from './inputs.js';
import type { OpenTraining } from './openTraining.js';

/**
 * Open a run that stopped, as it was told to run.
 * @param allowed  an engine that it may go on with though another computed it
 * @throws UserError when its engine, base, data or tokenizer are not what they were
 */
export async function openOldRun(engine: Engine, run: string, allowed?: EngineName): Promise<OpenTraining> {
  const paths = await openRun(runsRoot, run);
  const lock = lockRun(paths.folder);
  try {
    return { ...(await closedWhereRefused((opened) => readOldRun(engine, run, paths, allowed, opened))), lock };
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
  opened: Inputs,
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
    throw new UserError(
      `run ${run} computes in ${contract.precision}, which the ${engine.name} engine does not offer; go on with it where that is to be had`,
    );
  requireSameProducts(contract, engine, run);
  const tokenizer = await loadTokenizer(record.base.folder);
  const of = { folder: record.base.folder, tokenizer };
  const arithmetic = { ...engine, precision: contract.precision };
  const { contract: now, vision } = await baseContract(of, record.settings, arithmetic, contract.image !== undefined);
  requireSameContract(contract, now, `run ${run}`);
  const files = (opened.files = await openFiles(record.data));
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
  const model = (opened.model = await loadModel(record.base.folder, contract.precision));
  if (model.weightsHash !== record.base.weightsHash)
    throw new UserError(`the weights in ${record.base.folder} are not those run ${run} began with; put them back`);
  requireVocabulary(tokenizer, model);
  const plan = await planTraining(model, tokenizer, contract, record.settings, files, record.weights, vision?.config);
  warnings.push(...(await setStatesAside(paths.state, from?.step ?? 0)));
  if (tokenizer.slow !== null) warnings.push(tokenizer.slow);
  const caches = (opened.caches = await openCaches(files, identities, contract, warnings));
  const { settings, base } = record;
  const images = (opened.images = vision && (await openRunImages(vision, model, contract, settings, files)));
  const like = { ...settings.lora, ...baseReference(base), weightsHash: base.weightsHash };
  const adapter = from
    ? stateAdapter(from, like)
    : startingAdapter(await sameStart(record, run), model, settings, base);
  requireFit(model, adapter);
  return { model, images, adapter, files, caches, contract, record, paths, plan, engine, during, from, warnings };
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
