import { tf } from './tf.js';
import { compiledLayersChoice } from './compiledLayersChoice.js';

/** What the engine that was started can do. Nothing else asks which backend it is. */
export interface Capabilities {
  /** Operations of TensorFlow by their names, and tensors of two bytes a number as raw handles. */
  rawHandles: boolean;
  /** The operations of fused/, which are TensorFlow's on the processor. */
  fusedOps: boolean;
  /** Layers run as functions compiled by XLA. */
  compiledLayers: boolean;
  /** Computes on a card, whose memory is its own. */
  card: boolean;
  /** JavaScript reads and writes values where they lie. So it is on WebAssembly, where transposed products are slow. */
  valuesInPlace: boolean;
  /** Bytes that it addresses in all. */
  mostBytes: number;
}

/** WebAssembly's memory has addresses of 32 bits. */
export const wasmBytes = 2 ** 32;

/** Ask the engine that runs. */
export function capabilities(): Capabilities {
  const backend = tf.getBackend();
  const card = backend === 'tensorflow' && usesGpu();
  return {
    rawHandles: backend === 'tensorflow',
    fusedOps: backend === 'tensorflow' && !card,
    compiledLayers: backend === 'tensorflow' && compiledLayersChoice().isChosen,
    card,
    valuesInPlace: backend === 'wasm',
    mostBytes: backend === 'wasm' ? wasmBytes : Infinity,
  };
}

/** TensorFlow's own backend says so. */
const usesGpu = () => (tf.backend() as unknown as { isUsingGpuDevice?: boolean }).isUsingGpuDevice === true;
