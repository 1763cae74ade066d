import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** From left to right: a room may import from itself and from rooms left of it. */
const rooms = ['configs', 'data', 'checkpoints', 'model', 'eval', 'train'];
/** Installs what all others need, so it stands left of them; every room may ask it where things are. */
const setup = 'setup';
const mostLines = 300;
const mostEntries = 15;

const root = fileURLToPath(new URL('..', import.meta.url));
const roomOf = (file: string) => file.split(sep)[0]!;
/** What is written in any language. */
const allFiles = [setup, ...rooms].flatMap((room) =>
  readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|mts|mjs|cc|h|py)$/.test(file))
    .map((file) => join(room, file)),
);
const files = allFiles.filter((file) => roomOf(file) !== setup && file.endsWith('.ts'));
const sources = new Map(allFiles.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
/** Command files read arguments and print; they may import from anywhere. */
const isCommand = (file: string) => /^\w+\Wcommand(\.ts|\W\w+\.ts)$/.test(file);
const imported = new Map(allFiles.map((file) => [file, importsOf(file)]));
const imports = (file: string) => imported.get(file)!;
const filesThat = (holds: (file: string, source: string) => boolean) =>
  files.filter((file) => holds(file, sources.get(file)!));

describe('the rooms', () => {
  it('are all there, each with code', () => {
    assert.deepEqual([...new Set(files.map(roomOf))], rooms);
  });

  // A closed terminal lost up to 200 updates: two signals were listed in each command, and the third forgotten.
  it('listen to the signals to stop as they are listed in one place', () => {
    const listing = filesThat((_, source) => /'SIG(INT|TERM|HUP)'/.test(source));
    assert.deepEqual(listing, [join('configs', 'stopSignals.ts')]);
  });

  [setup, ...rooms].forEach((room, index, all) => {
    const allowed = all.slice(0, index + 1);
    it(`${room} imports only from ${allowed.join(', ')}`, () => {
      const wrong = allFiles
        .filter((file) => roomOf(file) === room && !isCommand(file))
        .flatMap((file) => localImports(file).map((target) => ({ file, target })))
        .filter(({ target }) => !allowed.includes(roomOf(target)));
      assert.deepEqual(wrong, []);
    });
  });

  it('setup imports nothing that would have to be installed first, but where it starts a command', () => {
    const before = (file: string) => file.endsWith('.mjs') && !file.startsWith(join(setup, 'start') + sep);
    const wrong = allFiles
      .filter((file) => roomOf(file) === setup && before(file))
      .flatMap((file) => imports(file).map((target) => ({ file, target })))
      .filter(({ target }) => !/^(node:|\.)/.test(target));
    assert.deepEqual(wrong, []);
  });

  // A room's command.ts may be put together of sub-commands; these run nothing themselves.
  it('never import a command file, but a command.ts its own sub-commands', () => {
    const isPart = (file: string) => !readFileSync(join(root, file), 'utf8').includes('runCommand(');
    const wrong = files.flatMap((file) =>
      localImports(file)
        .filter(isCommand)
        .filter((target) => !(file === join(roomOf(target), 'command.ts') && isPart(target)))
        .map((target) => ({ file, target })),
    );
    assert.deepEqual(wrong, []);
  });

  it('import TensorFlow.js only under model/engine/', () => {
    const importing = filesThat((file) => imports(file).some((name) => name.startsWith('@tensorflow/')));
    assert.ok(importing.includes(join('model', 'engine', 'tf.ts')));
    assert.deepEqual(
      importing.filter((file) => !file.startsWith(join('model', 'engine') + sep)),
      [],
    );
  });

  it('ask only in one place which backend runs, and elsewhere what it can do', () => {
    const asking = filesThat((_, source) => source.includes('getBackend('));
    assert.deepEqual(asking, [join('model', 'engine', 'capabilities.ts')]);
  });

  it('print only in command files and in configs/cli/', () => {
    const printing = filesThat((_, source) => /\bconsole\s*\./.test(source));
    assert.ok(printing.some(isCommand));
    assert.deepEqual(
      printing.filter((file) => !isCommand(file) && !file.startsWith(join('configs', 'cli') + sep)),
      [],
    );
  });

  // Files and sub-rooms of one folder: what one of them imports, directly or through others, never imports it.
  it('import one way inside, from sub-room to sub-room and from file to file', () => {
    const folders = [...new Set(allFiles.flatMap(foldersOf))];
    assert.deepEqual(
      folders.flatMap((folder) => circleIn(folder) ?? []),
      [],
    );
  });

  it(`have at most ${mostEntries} entries to a folder`, () => {
    const entries = new Map<string, Set<string>>();
    for (const file of allFiles)
      for (const folder of foldersOf(file))
        entries.set(folder, (entries.get(folder) ?? new Set()).add(entryOf(folder, file)));
    assert.deepEqual(
      [...entries].filter(([, names]) => names.size > mostEntries).map(([folder]) => folder),
      [],
    );
  });

  it(`have no file of more than ${mostLines} lines`, () => {
    assert.deepEqual(
      allFiles.filter((file) => sources.get(file)!.trimEnd().split('\n').length > mostLines),
      [],
    );
  });
});

describe('ARCHITECTURE.md', () => {
  it('names only files and folders that are there', () => {
    const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    const named = [...text.matchAll(/`([\w./-]+(?:\/|\.\w+))`/g)].map((match) => match[1]!);
    assert.ok(named.length > 40);
    assert.deepEqual(
      named.filter((path) => !existsSync(join(root, path))),
      [],
    );
  });
});

describe('package.json', () => {
  it('names an exact version of every dependency', () => {
    const { dependencies, devDependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
      devDependencies?: Record<string, string>;
    };
    const all = Object.entries({ ...dependencies, ...devDependencies });
    assert.ok(all.length > 0);
    assert.deepEqual(
      all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
      [],
    );
  });
});

/** The folders that a file lies in, its room first. */
function foldersOf(file: string): string[] {
  const names = dirname(file).split(sep);
  return names.map((_, depth) => names.slice(0, depth + 1).join(sep));
}

/** The file or sub-room of a folder that holds a file. */
const entryOf = (folder: string, file: string) => file.slice(folder.length + 1).split(sep)[0]!;

/** Entries of a folder that import each other in a circle, as one line; undefined where there are none. */
function circleIn(folder: string): string | undefined {
  const inside = (file: string) => file.startsWith(folder + sep);
  const arrows = new Map<string, Set<string>>();
  for (const file of allFiles.filter(inside)) {
    const from = entryOf(folder, file);
    const targets = localImports(file)
      .filter(inside)
      .map((target) => entryOf(folder, target));
    for (const target of targets) if (target !== from) arrows.set(from, (arrows.get(from) ?? new Set()).add(target));
  }
  const done = new Set<string>();
  const walk = (entry: string, way: string[]): string | undefined => {
    if (way.includes(entry)) return `${folder}: ${[...way.slice(way.indexOf(entry)), entry].join(' -> ')}`;
    if (done.has(entry)) return undefined;
    for (const next of arrows.get(entry) ?? []) {
      const circle = walk(next, [...way, entry]);
      if (circle) return circle;
    }
    done.add(entry);
    return undefined;
  };
  for (const entry of arrows.keys()) {
    const circle = walk(entry, []);
    if (circle) return circle;
  }
  return undefined;
}

/** Files of this checkout that a file imports, relative to the root. */
function localImports(file: string): string[] {
  return imports(file)
    .filter((name) => name.startsWith('.'))
    .map((name) => join(dirname(file), name.replace(/\.js$/, '.ts')));
}

/** All that a file imports or requires, types too; of C++ what it includes by a path. */
function importsOf(file: string): string[] {
  const source = sources.get(file)!;
  if (file.endsWith('.py')) return [];
  if (/\.(cc|h)$/.test(file))
    return [...source.matchAll(/^#include "(.+)"/gm)].map(([, path]) => (/^\w+\.h$/.test(path!) ? `./${path}` : path!));
  return ts.preProcessFile(source, true, true).importedFiles.map(({ fileName }) => fileName);
}
