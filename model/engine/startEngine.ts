import type { Float32Products, Precision } from '../../configs/contract.js';
import { UserError } from '../../configs/userError.js';
import { float32Products } from './product/float32Products.js';
import { instructions } from '../machine.js';
import { capabilities } from './capabilities.js';
import { compiledVerdict } from './compiledVerdict.js';
import { loadNativeBinding } from './native/loadNativeBinding.js';
import { nativeBackend } from './native/rawTensors.js';
import { joinEnvironment, patienceOf, requireJoined } from './ranks/joinRanks.js';
import { alonePlace, type RankPlace } from './ranks/rankPlace.js';
import { startWasm } from './wasm/startWasm.js';
import { chooseCompiledLayers } from './compiledLayersChoice.js';
import { tf } from './tf.js';

export const engineNames = ['tensorflow', 'wasm'] as const;
export type EngineName = (typeof engineNames)[number];

export interface Engine {
  name: EngineName;
  /** Why this engine and not the other, for people. */
  why: string;
  /** Runs because the other one, which nobody ruled out, cannot. */
  isFallback: boolean;
  version: string;
  device: 'CPU' | 'GPU';
  /**
   * What besides decides how sums are rounded: the model of a card, the vector instructions of a processor, and what
   * compiles the layers.
   */
  hardware: string;
  /** Arithmetic that the engine offers for frozen weights. */
  precisions: Precision[];
  /** Arithmetic that products of float32 matrices have. */
  float32Products: Float32Products;
}

/** What decides how numbers are rounded, in words. */
export const describeEngine = ({ name, version, device, hardware }: Engine): string =>
  `${name} ${version} on the ${device}${hardware === '' ? '' : ` (${hardware})`}`;

let started: Promise<Engine> | undefined;

/**
 * Start the best engine of this machine, once a process: native TensorFlow where its binding loads, else WebAssembly.
 * The environment variable TERCET_BACKEND (tensorflow or wasm) decides where `backend` does not.
 * @param options.place  among the ranks of one run, which TensorFlow joins while it starts; `joinedCollective` of it then
 *   exchanges tensors with the others
 * @throws UserError when a backend is asked for that cannot run here, PeerFailure when other ranks did not come
 */
export function startEngine(options: { backend?: EngineName; place?: RankPlace } = {}): Promise<Engine> {
  return (started ??= start(options.backend ?? process.env['TERCET_BACKEND'], options.place ?? alonePlace));
}

async function start(wanted: string | undefined, place: RankPlace): Promise<Engine> {
  if (wanted !== undefined && wanted !== '' && wanted !== 'tensorflow' && wanted !== 'wasm')
    throw new UserError(`TERCET_BACKEND must be tensorflow or wasm; got ${wanted}`);
  const compiled = process.env['TERCET_XLA'];
  if (compiled !== undefined && !['', '0', '1'].includes(compiled))
    throw new UserError(`TERCET_XLA must be 1 or 0; got ${compiled}`);
  if (place.ranks > 1) return joinedEngine(wanted, place);
  if (wanted === 'wasm') return wasmEngine('asked for by TERCET_BACKEND', false);
  const binding = loadNativeBinding();
  if (binding.loaded) return tensorflowEngine();
  if (wanted === 'tensorflow')
    throw new UserError(
      `the tensorflow engine cannot start: ${binding.reason}; run npm run setup, then npm run doctor`,
    );
  return wasmEngine(binding.reason, true);
}

async function joinedEngine(wanted: string | undefined, place: RankPlace): Promise<Engine> {
  const patience = patienceOf(process.env);
  const binding = wanted === 'wasm' ? undefined : loadNativeBinding(joinEnvironment(place, patience));
  if (!binding?.loaded)
    throw new UserError(
      'several ranks need the tensorflow engine, whose collectives they exchange by: ' +
        (binding ? `${binding.reason}; run npm run setup` : 'unset TERCET_BACKEND'),
    );
  await tf.setBackend('tensorflow');
  requireJoined(nativeBackend().exchange.joinTrouble(), place, patience);
  return tensorflowEngine();
}

async function tensorflowEngine(): Promise<Engine> {
  await tf.setBackend('tensorflow');
  tf.enableProdMode();
  const native = nativeBackend();
  const precisions: Precision[] = ['float32'];
  for (const kind of ['bfloat16', 'float16'] as const) if (native.multiplies(kind)) precisions.push(kind);
  const { card } = capabilities();
  const verdict = compiledVerdict(process.env);
  const { isChosen: isCompiled } = chooseCompiledLayers(process.env['TERCET_XLA'], card, native.card(), verdict);
  const hardware = card ? (native.card()?.name ?? '') : instructions().join(' ');
  return {
    name: 'tensorflow',
    why: 'its native binding is installed',
    isFallback: false,
    version: native.version,
    device: card ? 'GPU' : 'CPU',
    hardware: [hardware, ...(isCompiled ? ['layers compiled by XLA'] : [])].filter(Boolean).join(', '),
    precisions,
    float32Products: float32Products(),
  };
}

async function wasmEngine(why: string, isFallback: boolean): Promise<Engine> {
  await startWasm();
  const version = tf.version['tfjs-core'];
  return {
    ...{ name: 'wasm', why, isFallback, version, device: 'CPU' },
    hardware: '', // the same instructions of 128 bits everywhere
    ...{ precisions: ['float32'], float32Products: 'float32' },
  };
}
