import { readAdapter } from '../checkpoints/adapter.js';
import { adapterProblems } from '../checkpoints/adapterProblems.js';
import type { Encoder } from './encoder.js';
import type { Model } from '../model/loadModel.js';
import { attachAdapter, removeAdapter } from '../model/lora.js';

/** What the proof of an exported adapter measured. */
export interface AdapterProof {
  /** Largest difference of any number of a canary's embedding between training and the file read back. */
  largestDifference: number;
  /** Smallest cosine between a canary's embedding by the adapter and by the base alone; 1 would mean no effect. */
  smallestCosineToBase: number;
}

/** Texts of several kinds whose embeddings are compared. */
const canaries = [
  'what is the boiling point of water at sea level',
  'A small furry animal that is kept as a pet and catches mice.',
  'function add(left: number, right: number): number',
  'Computes the natural logarithm of a double-precision number.',
  '',
];

/** Two float32 runs of the same arithmetic agree to this. */
const tolerance = 1e-6;

/**
 * Prove that a written adapter does what the trained one does: the file is read back by its own names, every target is
 * there, no lora_B is all zero, and texts get the embeddings of training and not those of the base.
 * The model comes with the trained adapter attached and leaves with the one that was read.
 * @param encoder  of that model
 * @throws when any of it does not hold
 */
export async function proveAdapter(folder: string, model: Model, encoder: Encoder): Promise<AdapterProof> {
  const embed = async () => [
    ...(await encoder.encode(
      'query',
      canaries.map((text) => ({ text })),
    )),
    ...(await encoder.encode(
      'passage',
      canaries.map((text) => ({ text })),
    )),
  ];
  const trained = await embed();
  removeAdapter(model);
  const base = await embed();
  const written = await readAdapter(folder);
  const problems = adapterProblems(written, model.config.layers, written.targets);
  if (problems.length > 0) throw new Error(`${folder} would not work where it is loaded: ${problems.join('; ')}`);
  attachAdapter(model, written);
  const reloaded = await embed();
  const largestDifference = Math.max(...trained.map((value, index) => Math.abs(value - reloaded[index]!)));
  const smallestCosineToBase = Math.min(...cosines(base, reloaded, encoder.dimensions));
  if (!(largestDifference <= tolerance))
    throw new Error(
      `${folder} gives embeddings ${largestDifference} away from training; at most ${tolerance} is expected`,
    );
  if (smallestCosineToBase > 1 - tolerance)
    throw new Error(`${folder} gives the embeddings of the base: it has no effect`);
  return { largestDifference, smallestCosineToBase };
}

function cosines(left: number[], right: number[], dimensions: number): number[] {
  return Array.from({ length: left.length / dimensions }, (_, row) => {
    let sum = 0;
    for (let index = row * dimensions; index < (row + 1) * dimensions; index++) sum += left[index]! * right[index]!;
    return sum;
  });
}
