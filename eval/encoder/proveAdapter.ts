import { readAdapter, type Adapter } from '../../checkpoints/adapter/adapter.js';
import { UserError } from '../../configs/userError.js';
import { adapterProblems, towerIsFresh } from '../../checkpoints/adapter/problems.js';
import { embedCanaries, largestDifference, smallestCosine } from './canaries.js';
import type { Encoder } from './encoder.js';
import type { Model } from '../../model/layer/decoder.js';
import { attachAdapter, setAdapterAside } from '../../model/layer/lora.js';

/** What the proof of an exported adapter measured. */
export interface AdapterProof {
  /** Largest difference of any number of a canary's embedding between training and the file read back. */
  largestDifference: number;
  /** Smallest cosine between a canary's embedding by the adapter and by the base alone; 1 would mean no effect. */
  smallestCosineToBase: number;
}

/** Two float32 runs of the same arithmetic agree to this. */
const tolerance = 1e-6;

/**
 * Prove that a written adapter does what the trained one does: the file is read back by its own names, every target is
 * there, no lora_B is all zero, and texts, where the contract reads images an image too, get the embeddings of training
 * and not those of the base.
 * The model comes and leaves with the trained adapter attached, which may go on being trained.
 * @param encoder  of that model
 * @throws UserError when training had no effect, or none on the vision tower it was to change; an error when the file does not do what training did
 */
export async function proveAdapter(folder: string, model: Model, encoder: Encoder): Promise<AdapterProof> {
  const trained = await embedCanaries(encoder);
  const base = await embedBy(undefined, model, encoder);
  if (smallestCosine(base, trained) > 1 - tolerance)
    throw new UserError(
      'training changed nothing: texts get the embeddings of the base; raise optimizer.learningRate or the number of updates',
    );
  const written = await readAdapter(folder);
  if (towerIsFresh(written))
    throw new UserError(
      'the vision tower learned nothing, as no image came in these updates; raise their number, or leave lora.tower out',
    );
  const problems = adapterProblems(written, model.config.layers, written.targets);
  if (problems.length > 0) throw new Error(`${folder} would not work where it is loaded: ${problems.join('; ')}`);
  const reloaded = await embedBy(written, model, encoder);
  const difference = largestDifference(trained, reloaded);
  const cosineToBase = smallestCosine(base, reloaded);
  if (!(difference <= tolerance))
    throw new Error(`${folder} gives embeddings ${difference} away from training; at most ${tolerance} is expected`);
  if (cosineToBase > 1 - tolerance) throw new Error(`${folder} gives the embeddings of the base: it has no effect`);
  return { largestDifference: difference, smallestCosineToBase: cosineToBase };
}

/** The canaries by an adapter in the place of the model's own, or by the base alone. */
async function embedBy(adapter: Adapter | undefined, model: Model, encoder: Encoder): Promise<Float32Array[]> {
  const putBack = setAdapterAside(model);
  try {
    if (adapter) attachAdapter(model, adapter);
    return await embedCanaries(encoder);
  } finally {
    putBack();
  }
}
