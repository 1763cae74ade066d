// Preloaded by NODE_OPTIONS="--import=.../test/noise/preload.mjs": whenever TensorFlow is loaded into a process, native
// code writes to standard error then, at the first use of each kind of operation, and all the time from a thread.
import { createRequire } from 'node:module';
import { buildNoise } from './buildNoise.mjs';

const { dlopen } = process;

process.dlopen = (opened, file, ...flags) => {
  dlopen.call(process, opened, file, ...flags);
  if (!/tfjs_binding-[\d.]+-[0-9a-f]+\.node$/.test(file)) return;
  const path = buildNoise();
  if (path === undefined) throw new Error('the noise cannot be compiled; it needs g++, or a compiler named in CXX');
  const noise = createRequire(import.meta.url)(path);
  noise.say('loaded');
  noise.start();
  opened.exports = withFirstUses(opened.exports, noise);
};

/** The functions of an add-on cannot be replaced in place. */
function withFirstUses(binding, noise) {
  const seen = new Set();
  const executeOp = (name, attributes, ...rest) => {
    const kind = `${name} ${attributes.map(({ value }) => value)}`;
    if (!seen.has(kind)) noise.say(`first use of ${kind}`);
    seen.add(kind);
    return binding.executeOp(name, attributes, ...rest);
  };
  return Object.create(binding, { executeOp: { value: executeOp, enumerable: true } });
}
