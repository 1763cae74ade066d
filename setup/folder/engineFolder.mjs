import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const checkout = resolve(fileURLToPath(new URL('../../', import.meta.url)));

/** The TensorFlow that the engine is built on. */
export const tensorflowVersion = '2.21.0';

/**
 * Where the engine lies. `TERCET_ENGINE` moves it out of the checkout, so that clones can share it; machines of several
 * kinds and clones of several versions can too, because their names differ.
 * @param variant  the one of this machine where left out
 */
export function engineFolder(variant = variantHere()) {
  const root = process.env.TERCET_ENGINE ? resolve(process.env.TERCET_ENGINE) : join(checkout, '.engine');
  const folder = join(root, `tensorflow-${tensorflowVersion}-${variant}`);
  const binding = join(folder, `tfjs_binding-${bindingVersion()}-${sourcesHash()}`);
  return {
    root,
    variant,
    folder,
    /** The files of TensorFlow with their sizes and hashes; it arrives together with them. */
    libraryRecord: join(folder, 'library.json'),
    binding: `${binding}.node`,
    /** Written last of all, after the binding was loaded once: an engine that has it is whole. */
    bindingRecord: `${binding}.json`,
    /** Compiled beside the binding: keeps the screen quiet while TensorFlow is being loaded. */
    holdStderr: `${binding}-hold-stderr.node`,
    /** Compiled beside the binding: operations of our own, for the processor. Absent where the compiler is too old for them. */
    fusedOps: `${binding}-fused-ops.node`,
    /** Why the engine could not be installed, left for the next start and for `npm run doctor`. */
    trouble: join(root, `trouble-${variant}.json`),
    log: join(root, 'setup.log'),
  };
}

function variantHere() {
  return `${process.platform}-${process.arch}-${nvidiaSeen() && process.arch === 'x64' ? 'gpu' : 'cpu'}`;
}

/** Is there an NVIDIA driver? Files only: this runs at every start. The last one is that of Windows' Linux (WSL 2). */
export function nvidiaSeen() {
  const signs = ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/usr/lib/wsl/lib/libcuda.so.1'];
  return signs.some((path) => existsSync(path));
}

/** Read a JSON file; undefined where it is absent or was cut off. */
export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Of what is compiled beside the package's own binding, and of how: a change of either gives the binding another name,
 * so that the next start compiles it.
 */
function sourcesHash() {
  const hash = createHash('sha256');
  for (const name of ['setup/binding', 'model/engine/fused'].flatMap(sourcesUnder))
    hash.update(`${name}\n`).update(readFileSync(join(checkout, name)));
  return hash.digest('hex').slice(0, 12);
}

function sourcesUnder(folder) {
  return readdirSync(join(checkout, folder), { recursive: true })
    .filter((name) => /\.(cc|h|mjs)$/.test(name))
    .sort()
    .map((name) => `${folder}/${name}`);
}

function bindingVersion() {
  return readJson(join(checkout, 'node_modules/@tensorflow/tfjs-node-gpu/package.json'))?.version ?? 'none';
}
