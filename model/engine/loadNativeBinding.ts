import { existsSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import { constants } from 'node:os';
import { engineFolder } from '../../setup/engineFolder.mjs';

const require = createRequire(import.meta.url);

export type NativeBinding = { loaded: true; binding: string } | { loaded: false; reason: string };

/**
 * Load TensorFlow into this process and register the backend `tensorflow` of the unmodified package
 * `@tensorflow/tfjs-node-gpu`. The only place that loads that package. Calling it again changes nothing.
 * @returns why not, in one line, where setup has left no engine or the libraries do not load on this machine
 */
export function loadNativeBinding(): NativeBinding {
  const { binding } = engineFolder();
  if (!existsSync(binding)) return { loaded: false, reason: `no binding at ${binding}` };
  setEnvironment();
  restoreRemovedNodeFunctions();
  try {
    openIsolated(binding);
    answerWhereTheBindingIs(binding);
    require('@tensorflow/tfjs-node-gpu');
  } catch (error) {
    return { loaded: false, reason: (error as Error).message.split('\n')[0]! };
  }
  return { loaded: true, binding };
}

/** TensorFlow reads these when it is loaded: no messages below an error, and memory of the card only as needed. */
function setEnvironment(): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
}

/** tfjs-node-gpu 4.22 calls two functions that Node 23 removed (tfjs pull request 8425, unreleased). */
function restoreRemovedNodeFunctions(): void {
  const util = require('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

/**
 * Open the binding so that TensorFlow finds its own symbols first: Node exports those of its OpenSSL and zlib, and
 * the TensorFlow wheels since 2.20 do not hide theirs (tensorflow issue 119254).
 */
function openIsolated(binding: string): void {
  if (require.cache[binding]) return;
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
