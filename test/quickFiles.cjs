const { existsSync, readFileSync, readdirSync } = require('node:fs');
const { dirname, join, resolve } = require('node:path');

const root = dirname(__dirname);
/** What takes long to start: TensorFlow.js and its engines, whole commands, and the files that only setup installs. */
const slow = ['model/engine/tf.ts', 'test/runCommand.ts'].map((name) => join(root, name));
const slowFolders = ['test/oracles', 'test/browser', 'test/setup', 'test/fuzz', 'test/gpu', 'test/bench'];

/**
 * Test files that need neither an engine nor a process of their own, found by what they import: `npm test -- --quick`.
 * @returns paths from the checkout on
 */
module.exports = function quickFiles() {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .map((name) => `test/${name}`)
    .filter((file) => file.endsWith('.test.ts') && !slowFolders.some((folder) => file.startsWith(`${folder}/`)))
    .filter((file) => !readFileSync(join(root, file), 'utf8').includes('node:child_process'))
    .filter((file) => !reaches(join(root, file), new Set()))
    .sort();
};

const known = new Map();

/** Does a file import a slow one, itself or through others? Types count for nothing. */
function reaches(file, seen) {
  if (slow.includes(file)) return true;
  if (known.has(file)) return known.get(file);
  if (seen.has(file)) return false;
  seen.add(file);
  const found = importsOf(file).some((target) => reaches(target, seen));
  known.set(file, found);
  return found;
}

function importsOf(file) {
  const source = readFileSync(file, 'utf8');
  const statements = source.matchAll(/^(?:import|export)(?! type)[^;]*?from '(\.[^']+)';|import\('(\.[^']+)'\)/gms);
  return [...statements]
    .map(([, named, called]) => resolve(dirname(file), (named ?? called).replace(/\.js$/, '.ts')))
    .filter((target) => existsSync(target) && target.endsWith('.ts'));
}
