import { accessSync, constants as access, existsSync, realpathSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { availableMemory } from '../../machine.js';
import { engineFolder, readJson, type EngineFolder } from '../../../setup/folder/engineFolder.mjs';
import { cardsOfDriver } from './cards.js';
import { gpuEnvironment } from './environment/gpuEnvironment.js';
import { holdStderr } from './holdStderr.js';
import { xlaEnvironment } from './environment/xlaEnvironment.js';

const require = createRequire(import.meta.url);

/** `written` is what native code has written to standard error so far, such as why TensorFlow cannot use a GPU. */
export type NativeBinding =
  { loaded: true; binding: string; written: () => string } | { loaded: false; reason: string };

let outcome: NativeBinding | undefined;

/**
 * Load TensorFlow into this process and register the backend `tensorflow` of the unmodified package
 * `@tensorflow/tfjs-node-gpu`. The only place that loads that package. Prints nothing; calling it again is free.
 * @param only  environment while the binding is opened and no longer, so that no child takes it for its own
 * @returns why not, in one line, where setup has left no engine or its libraries do not load here
 */
export function loadNativeBinding(only: Record<string, string> = {}): NativeBinding {
  return (outcome ??= load(only));
}

function load(only: Record<string, string>): NativeBinding {
  const place = engineFolder();
  if (!existsSync(place.bindingRecord)) return { loaded: false, reason: missingReason(place) };
  setEnvironment();
  const isGpu = place.variant.endsWith('-gpu');
  if (isGpu) setGpuEnvironment(place);
  if (isGpu || process.env.TERCET_XLA === '1') setXlaEnvironment(place, isGpu);
  replaceRemovedNodeFunctions();
  const written = holdStderr(place.holdStderr);
  try {
    loadPackage(realpathSync(place.binding), only); // the package's require() looks it up under its real path
    openIsolated(place.fusedOps);
    return { loaded: true, binding: place.binding, written };
  } catch (error) {
    const failure = (error as Error).message.split('\n')[0]!;
    const lastLine = written().trimEnd().split('\n').at(-1);
    return { loaded: false, reason: lastLine ? `${failure} (${lastLine})` : failure };
  }
}

/** What setup wrote down when it could not install the engine. */
function missingReason({ trouble }: EngineFolder): string {
  const { message, remedy } = (readJson(trouble) ?? {}) as { message?: string; remedy?: string };
  return message ? `${message}; ${remedy}` : 'the TensorFlow engine is not installed; npm run setup installs it';
}

/**
 * TensorFlow reads these when it is loaded: no messages below an error, memory that is kept and used again instead of
 * being given back to the system after every operation and no more of it than there is, so that running out can be
 * answered with smaller chunks, and memory of a card only as needed.
 */
function setEnvironment(): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  process.env.TF_CPU_ALLOCATOR_USE_BFC ??= 'true';
  process.env.TF_CPU_BFC_MEM_LIMIT_IN_MB ??= String(Math.floor((0.95 * availableMemory()) / 2 ** 20));
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
}

function setGpuEnvironment({ root }: EngineFolder): void {
  const cacheFolder = canWrite(root) ? join(root, 'cuda-cache') : undefined;
  Object.assign(process.env, gpuEnvironment(process.env, cardsOfDriver(), cacheFolder));
}

function setXlaEnvironment({ root, folder }: EngineFolder, isGpu: boolean): void {
  const compiler = isGpu ? join(folder, 'nvidia/cuda_nvcc') : undefined;
  const cache = canWrite(root) ? join(root, 'xla-cache') : undefined;
  Object.assign(process.env, xlaEnvironment(process.env, { compiler, cache }));
}

function canWrite(folder: string): boolean {
  try {
    accessSync(folder, access.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** tfjs-node-gpu 4.22 calls two functions that Node 22 warns of and Node 23 lacks (tfjs pull request 8425, unreleased). */
function replaceRemovedNodeFunctions(): void {
  const util = require('node:util') as Record<string, unknown>;
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  util.isArray = Array.isArray;
}

function loadPackage(binding: string, only: Record<string, string>): void {
  Object.assign(process.env, only);
  openIsolated(binding);
  for (const name of Object.keys(only)) delete process.env[name];
  answerWhereTheBindingIs(binding);
  require('@tensorflow/tfjs-node-gpu');
}

/**
 * Open the binding so that TensorFlow finds its own symbols first: Node exports those of its OpenSSL and zlib, and
 * the TensorFlow wheels since 2.20 do not hide theirs (tensorflow issue 119254).
 */
function openIsolated(binding: string): void {
  const opened = new Module(binding);
  opened.filename = binding;
  process.dlopen(opened, binding, constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_DEEPBIND);
  opened.loaded = true;
  require.cache[binding] = opened;
}

/**
 * The package asks node-pre-gyp where its binding lies, which would answer with a path in node_modules and would read
 * our command line for flags of its own. A stand-in answers instead.
 */
function answerWhereTheBindingIs(binding: string): void {
  const packageRequire = createRequire(require.resolve('@tensorflow/tfjs-node-gpu'));
  const path = packageRequire.resolve('@mapbox/node-pre-gyp');
  const standIn = new Module(path);
  standIn.filename = path;
  standIn.exports = { find: () => binding };
  standIn.loaded = true;
  require.cache[path] = standIn;
}
