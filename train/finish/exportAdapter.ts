import { join } from 'node:path';
import { writeAdapter, type Adapter } from '../../checkpoints/adapter/adapter.js';
import { keysFor } from '../../checkpoints/adapter/names.js';
import { readJsonObject } from '../../checkpoints/base/baseFolder.js';
import type { RunFolder } from '../../checkpoints/run/folder.js';
import type { Contract } from '../../configs/contract.js';
import type { Encoder } from '../../eval/encoder/encoder.js';
import { proveAdapter, type AdapterProof } from '../../eval/encoder/proveAdapter.js';
import type { Model } from '../../model/layer/decoder.js';
import { detachedAdapter, type Parameters } from '../../model/layer/lora.js';

/**
 * Write a run's trained adapter and prove the written file. The model keeps the trained one.
 * @param like  the adapter that training started from: its settings are kept
 */
export async function exportAdapter(
  paths: RunFolder,
  model: Model,
  parameters: Parameters,
  like: Adapter,
  contract: Contract,
  encoder: Encoder,
): Promise<AdapterProof> {
  const keys = keysFor(await readJsonObject(join(model.folder, 'config.json')));
  await writeAdapter(paths.adapter, detachedAdapter(parameters, like), { contract, keys });
  return proveAdapter(paths.adapter, model, encoder);
}
