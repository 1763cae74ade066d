import { join } from 'node:path';
import { writeAdapter, type Adapter } from '../../checkpoints/adapter/adapter.js';
import { writeContract } from '../../checkpoints/contract/contractFile.js';
import { writeRunConfig } from '../../checkpoints/run/config.js';
import { createRun, runsRoot } from '../../checkpoints/run/folder.js';
import { saveState, type State } from '../../checkpoints/run/state.js';
import type { Contract, Precision } from '../../configs/contract.js';
import { loadConfig } from '../../configs/load/loadConfig.js';
import { loadTokenizer } from '../../data/tokenizer/tokenizer.js';
import { startEngine } from '../../model/engine/startEngine.js';
import { loadModel } from '../../model/load/loadModel.js';
import { disposeModel } from '../../model/layer/decoder.js';
import { freshAdapter } from '../../model/layer/lora.js';
import { baseContract } from '../../model/vision/baseContract.js';

/**
 * Write what a run of the base in `folder` leaves, without training: an adapter with an effect, and a state of step 3.
 * @param readsImages  whether it was trained on images too
 */
export async function writeFinishedRun(
  folder: string,
  run: string,
  precision: Precision,
  { readsImages = false, set = [] }: { readsImages?: boolean; set?: readonly string[] } = {},
): Promise<{ adapter: Adapter; contract: Contract }> {
  const { float32Products } = await startEngine();
  const { config: settings } = loadConfig('demo', set);
  const base = join(folder, 'base');
  const of = { folder: base, tokenizer: await loadTokenizer(base) };
  const { contract } = await baseContract(of, settings, { precision, float32Products }, readsImages);
  const model = await loadModel(base, 'float32');
  const adapter = freshAdapter(model, settings.lora, 1);
  for (const { b } of adapter.matrices.values()) b.fill(0.05);
  const paths = await createRun(join(folder, runsRoot), run);
  await writeContract(paths.contract, contract);
  await writeAdapter(paths.adapter, adapter, { contract });
  const { weightsHash } = model;
  const named = { name: 'base', folder: base, weightsHash };
  await writeRunConfig(paths.config, { base: named, recipe: 'demo', data: [], rows: 1, updates: 1, settings });
  const tensors: State['tensors'] = new Map();
  for (const [name, { a, b, inSize, outSize }] of adapter.matrices) {
    tensors.set(`${name}.lora_A`, { shape: [adapter.rank, inSize], values: a });
    tensors.set(`${name}.lora_B`, { shape: [outSize, adapter.rank], values: b });
  }
  await saveState(paths.state, 3, { tensors, data: {} });
  disposeModel(model);
  return { adapter, contract };
}
