import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const keptDays = 30;

/**
 * The JavaScript file that a TypeScript file was joined to, with all of this project that it imports. Packages stay
 * outside. It is made again when one of the files it was made of, or this one, has changed. In it `import.meta.url` is that of
 * each source file, so that what lies beside a source is found there.
 * @param checkout  folder that holds the sources and node_modules
 * @param script    relative to it
 * @returns undefined where it can neither be found nor made; the loader of TypeScript then tells what is wrong
 */
export async function joinedFile(checkout, script) {
  const folder = join(checkout, '.joined'); // not among the modules: what those write to the console is held
  const name = script.replace(/\.ts$/, '').replaceAll(/[\\/]/g, '-');
  const record = join(folder, `${name}.json`);
  return currentFile(record, checkout) ?? (await make(checkout, script, folder, name, record));
}

/** The file that a record names, where every file it was made of still is as it was. */
function currentFile(record, checkout) {
  try {
    const { file, maker, inputs } = JSON.parse(readFileSync(record, 'utf8'));
    const isCurrent = maker === ownMark && inputs.every(([path, mark]) => markOf(join(checkout, path)) === mark);
    if (!isCurrent || !statSync(file).isFile()) return undefined;
    noteUse(dirname(file), record);
    return file;
  } catch {
    return undefined;
  }
}

function noteUse(...paths) {
  try {
    for (const path of paths) utimesSync(path, new Date(), new Date());
  } catch {
    // A checkout that cannot be written loses nothing either.
  }
}

function markOf(path) {
  const { mtimeMs, size } = statSync(path);
  return `${mtimeMs} ${size}`;
}

/** A change of how files are joined makes them again too. */
const ownMark = markOf(fileURLToPath(import.meta.url));

async function make(checkout, script, folder, name, record) {
  try {
    mkdirSync(folder, { recursive: true }); // before any work: where it cannot be written, every start would do it again
    const { build } = await import('esbuild');
    const marks = new Map();
    const { outputFiles, metafile } = await build({
      absWorkingDir: resolve(checkout),
      entryPoints: { [name]: script },
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      // In pieces: what a command imports only when it needs it, packages above all, stays so.
      ...{ bundle: true, splitting: true, packages: 'external', write: false, metafile: true },
      ...{ format: 'esm', platform: 'node', target: 'node20', logLevel: 'silent' },
      ...{ sourcemap: 'inline', sourcesContent: false },
      plugins: [ownUrls(marks)],
    });
    const hash = createHash('sha256');
    for (const { contents } of outputFiles) hash.update(contents);
    const joined = join(folder, `${name}-${hash.digest('hex').slice(0, 16)}`);
    writeFiles(joined, outputFiles);
    removeOld(folder);
    const inputs = Object.keys(metafile.inputs).map((path) => [path, marks.get(resolve(checkout, path))]);
    const file = join(joined, `${name}.mjs`);
    writeWhole(record, JSON.stringify({ file, maker: ownMark, inputs }));
    return file;
  } catch {
    return undefined;
  }
}

/** Gives each file its own `import.meta.url`, and notes how it was when it was read. */
const ownUrls = (marks) => ({
  name: 'own urls',
  setup(build) {
    build.onLoad({ filter: /\.m?[tj]s$/ }, ({ path }) => {
      marks.set(path, markOf(path));
      const url = JSON.stringify(pathToFileURL(path).href);
      const contents = readFileSync(path, 'utf8').replaceAll('import.meta.url', url);
      return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' };
    });
  },
});

/** What nothing was started from for so long. A process may run for weeks, and read a piece of its own at its end. */
function removeOld(folder) {
  for (const entry of readdirSync(folder)) {
    const path = join(folder, entry);
    const isOld = Date.now() - statSync(path).mtimeMs > keptDays * 24 * 3600 * 1000;
    if (isOld) rmSync(path, { recursive: true, force: true });
  }
}

function writeFiles(folder, outputFiles) {
  mkdirSync(folder, { recursive: true });
  for (const { path, contents } of outputFiles) {
    const file = join(folder, basename(path));
    if (!existsSync(file)) writeWhole(file, contents);
  }
}

/** Beside and renamed: another process may read it, or write the same. */
function writeWhole(file, contents) {
  const beside = `${file}.${process.pid}.part`;
  try {
    writeFileSync(beside, contents);
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}
