const { existsSync, readFileSync, readdirSync } = require('node:fs');
const { dirname, join, resolve } = require('node:path');

const root = dirname(__dirname);
/** What takes long to start: TensorFlow.js and its engines, and threads, which read TypeScript anew. */
const slow = [
  'model/engine/tf.ts',
  'data/tokenizer/threads.ts',
  'data/image/imageThreads.ts',
  'data/import/write/arrowThread.ts',
].map((name) => join(root, name));
const slowFolders = ['test/oracles', 'test/browser', 'test/setup', 'test/fuzz', 'test/gpu', 'test/bench'];

/**
 * Test files that need neither an engine nor a thread or process of their own, found by what they import:
 * `npm test -- --quick`.
 * @returns paths from the checkout on
 */
module.exports = function quickFiles() {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .map((name) => `test/${name}`)
    .filter((file) => file.endsWith('.test.ts') && !slowFolders.some((folder) => file.startsWith(`${folder}/`)))
    .filter((file) => !reaches(join(root, file), new Set()))
    .sort();
};

const known = new Map();

/** Does a file import a slow one, itself or through others? Types count for nothing. */
function reaches(file, seen) {
  if (slow.includes(file) || startsProcesses(file)) return true;
  if (known.has(file)) return known.get(file);
  if (seen.has(file)) return false;
  seen.add(file);
  const found = importsOf(file).some((target) => reaches(target, seen));
  known.set(file, found);
  return found;
}

/** Of the tests and what helps them: the rooms that can start processes have other work too. */
const startsProcesses = (file) =>
  file.startsWith(join(root, 'test/')) && readFileSync(file, 'utf8').includes('node:child_process');

function importsOf(file) {
  const source = readFileSync(file, 'utf8');
  const statements = source.matchAll(/^(?:import|export)(?! type)[^;]*?from '(\.[^']+)';|import\('(\.[^']+)'\)/gms);
  return [...statements]
    .map(([, named, called]) => resolve(dirname(file), (named ?? called).replace(/\.js$/, '.ts')))
    .filter((target) => existsSync(target) && target.endsWith('.ts'));
}
