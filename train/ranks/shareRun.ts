import { baseReference } from '../../checkpoints/hub/baseReference.js';
import { refetchBase } from '../../checkpoints/hub/fetchBase.js';
import { requireSameContract } from '../../checkpoints/contract/contractFile.js';
import type { RunRecord } from '../../checkpoints/run/config.js';
import { runFolder, runsRoot } from '../../checkpoints/run/folder.js';
import type { State, StateTensor } from '../../checkpoints/run/state.js';
import { stateAdapter } from '../../checkpoints/run/stateAdapter.js';
import type { Contract } from '../../configs/contract.js';
import { UserError } from '../../configs/userError.js';
import { fileIdentity } from '../../data/files/fileIdentity.js';
import { loadTokenizer } from '../../data/tokenizer/tokenizer.js';
import type { Engine } from '../../model/engine/startEngine.js';
import type { Collective } from '../../model/engine/ranks/collective.js';
import { loadModel } from '../../model/load/loadModel.js';
import { baseContract } from '../../model/vision/baseContract.js';
import { requireVocabulary } from '../../model/load/requireVocabulary.js';
import { closedWhereRefused, type Inputs } from '../loop/open/inputs.js';
import { openCaches, openFiles } from '../loop/open/openData.js';
import { openRunImages } from '../loop/images/openImages.js';
import type { OpenTraining } from '../loop/open/openTraining.js';
import { planTraining } from '../loop/planTraining.js';
import { fromRankZero } from './fromRankZero.js';

/** What rank 0 tells the others of a run; base and data they have on their own machines. */
interface Shared {
  run: string;
  record: RunRecord;
  contract: Contract;
  /** The state that it goes on from. */
  from: { step: number; data: State['data'] } | undefined;
  shapes: [name: string, shape: number[]][];
}

/** A run as the ranks but the first have it: rank 0 alone holds and writes its folder. */
export type SharedRun = Omit<OpenTraining, 'lock'>;

/** Let the others open the run that this rank, the first, has opened. Alone it does nothing. */
export function shareRun(collective: Collective, { paths, record, contract, from, adapter }: OpenTraining): void {
  if (collective.place.ranks === 1) return;
  const tensors = from?.tensors ?? matrixTensors(adapter);
  const shared: Shared = {
    ...{ run: paths.name, record, contract },
    from: from && { step: from.step, data: from.data },
    shapes: [...tensors].map(([name, { shape }]) => [name, shape]),
  };
  collective.tell(JSON.stringify(shared));
  fromRankZero(collective, tensors);
}

/**
 * Open the run that rank 0 has opened and shares.
 * @throws UserError where base or data are not those of rank 0
 */
export const openSharedRun = (collective: Collective, engine: Engine): Promise<SharedRun> =>
  closedWhereRefused((opened) => readSharedRun(collective, engine, opened));

async function readSharedRun(collective: Collective, engine: Engine, opened: Inputs): Promise<SharedRun> {
  const { run, record: told, contract, from, shapes } = JSON.parse(collective.tell('')[0]!) as Shared;
  const record = { ...told, base: await refetchBase(told.base) };
  const warnings: string[] = [];
  const files = (opened.files = await openFiles(record.data));
  const identities = await Promise.all(files.map(({ path }) => fileIdentity(path)));
  const other = record.data.find((_, file) => record.identities?.[file] !== identities[file]);
  if (other !== undefined)
    throw new UserError(`the training file ${other} is not that of rank 0; copy that one to this machine`);
  const tokenizer = await loadTokenizer(record.base.folder);
  const of = { folder: record.base.folder, tokenizer };
  const arithmetic = { ...engine, precision: contract.precision };
  const { contract: now, vision } = await baseContract(of, record.settings, arithmetic, contract.image !== undefined);
  requireSameContract(contract, now, 'rank 0');
  const model = (opened.model = await loadModel(record.base.folder, contract.precision));
  if (model.weightsHash !== record.base.weightsHash)
    throw new UserError(`the weights in ${record.base.folder} are not those of rank 0; copy these to this machine`);
  requireVocabulary(tokenizer, model);
  const plan = await planTraining(model, tokenizer, contract, record.settings, files, record.weights, vision?.config);
  const caches = (opened.caches = await openCaches(files, identities, contract, warnings));
  const empty = shapes.map(([name, shape]): [string, StateTensor] => [
    name,
    { shape, values: new Float32Array(shape.reduce((size, length) => size * length, 1)) },
  ]);
  const tensors = fromRankZero(collective, new Map(empty));
  const { settings, base } = record;
  const adapter = stateAdapter(
    { tensors },
    { ...settings.lora, ...baseReference(base), weightsHash: base.weightsHash },
  );
  const state = from && { ...from, tensors, folder: '' };
  const paths = runFolder(runsRoot, run);
  const images = (opened.images = vision && (await openRunImages(vision, model, contract, settings, files)));
  const read = { model, images, adapter, files, caches, contract, record, plan, engine, from: state, warnings };
  return { ...read, paths, during: [] };
}

/** An adapter under the names that a state has for it. */
function matrixTensors({ rank, matrices }: OpenTraining['adapter']): Map<string, StateTensor> {
  return new Map(
    [...matrices].flatMap(([name, { a, b, inSize, outSize }]): [string, StateTensor][] => [
      [`${name}.lora_A`, { shape: [rank, inSize], values: a }],
      [`${name}.lora_B`, { shape: [outSize, rank], values: b }],
    ]),
  );
}
