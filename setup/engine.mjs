import { accessSync, constants, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { buildBinding } from './binding/build.mjs';
import { findProgram, run } from './command.mjs';
import { engineFolder, readJson, tensorflowVersion } from './folder/engineFolder.mjs';
import { bytesKept, installLibrary, removeKept } from './library/install.mjs';
import { makeFolderSync } from './folder/makeFolder.mjs';
import { withLock } from './lock/lock.mjs';
import { alteredFile, damagedFile, engineFiles } from './folder/records.mjs';
import { megabytes, say } from './messages/screen.mjs';
import {
  Trouble,
  diskTrouble,
  forgetTrouble,
  programsTrouble,
  rememberTrouble,
  troubleLine,
  waitingTrouble,
} from './messages/troubles.mjs';
import { tryCompiled } from './tryCompiled.mjs';
import { missingFile, spaceNeeded, wheelsByVariant } from './library/wheels.mjs';

/**
 * Install the TensorFlow engine when it is not there or not whole. Where it cannot be, says why in one line and leaves
 * that line for `npm run doctor`; training then runs on WebAssembly.
 * @param thorough  check contents, not only sizes, and try again at once what failed before
 * @param variant   of another machine, to be carried there; this machine's own where left out
 */
export async function ensureEngine({ thorough, variant }) {
  const place = engineFolder(variant);
  if (!thorough && isWhole(place)) return;
  const known = thorough ? undefined : waitingTrouble(place.trouble);
  if (known) return say(troubleLine(known));
  try {
    await installEngine(place, thorough);
    forgetTrouble(place.trouble);
    if (variant === undefined && place.variant.endsWith('-gpu')) await tryCompiled(place);
  } catch (error) {
    const trouble = asTrouble(error, place);
    if (!trouble) throw error;
    rememberTrouble(place.trouble, trouble);
    say(troubleLine(trouble));
  }
}

/** Is every file of the engine there with its recorded size, and also what later versions have come to need? */
function isWhole(place) {
  const files = engineFiles(place);
  return files !== undefined && !missingFile(place.variant, files) && !damagedFile(place.folder, files);
}

async function installEngine(place, thorough) {
  const wheels = wheelsByVariant[place.variant];
  if (!wheels) throw platformTrouble(place.variant);
  prepareFolder(place);
  const waiting = (holder) => say(`setup: ${holder} is installing the engine in ${place.root}; waiting for it`);
  await withLock(join(place.root, 'engine.lock'), waiting, async (register) => {
    if (thorough) await removeAltered(place);
    if (isWhole(place)) return;
    try {
      await installMissing(place, wheels, register);
    } catch (error) {
      const trouble = asTrouble(error, place);
      if (trouble?.isDiskFull) removeKept(place);
      throw trouble ?? error;
    }
  });
}

async function installMissing(place, wheels, register) {
  const begun = Date.now();
  const { python, compiler } = await findPrograms();
  const library = readJson(place.libraryRecord);
  const missing = library && missingFile(place.variant, library.files);
  const damaged = library && damagedFile(place.folder, library.files);
  const wrong = missing ? [missing, 'was not installed'] : [damaged, 'is damaged'];
  if (wrong[0]) say(`setup: ${join(place.folder, wrong[0])} ${wrong[1]}; TensorFlow is installed again`);
  if (!library || wrong[0]) {
    checkSpace(place, wheels);
    await installLibrary(place, wheels, python, register);
  }
  await buildBinding(place, compiler, register);
  say(`engine: TensorFlow ${tensorflowVersion} is ready, after ${Math.round((Date.now() - begun) / 1000)} s`);
}

/** A record whose files are not what it says is removed, and what it describes is then installed again. */
async function removeAltered(place) {
  for (const path of [place.libraryRecord, place.bindingRecord]) {
    const record = readJson(path);
    const name = record && (await alteredFile(place.folder, record.files));
    if (!name) continue;
    say(`setup: ${join(place.folder, name)} is damaged; it is installed again`);
    rmSync(path);
  }
}

function platformTrouble(variant) {
  const remedy = process.platform === 'win32' ? 'in WSL it has one' : 'Linux on x86-64 and 64-bit Arm has one';
  return new Trouble(`TensorFlow ${tensorflowVersion} has no library for ${variant.replace(/-cpu$/, '')}`, remedy);
}

function prepareFolder({ root }) {
  try {
    makeFolderSync(root);
    accessSync(root, constants.W_OK);
  } catch (error) {
    throw new Trouble(
      `the engine folder ${root} cannot be written (${error.code})`,
      'allow it, or name a folder elsewhere in TERCET_ENGINE',
    );
  }
}

async function findPrograms() {
  const wanted = process.env.CXX?.trim().split(/\s+/);
  const compiler = wanted ?? [findProgram('g++', 'c++', 'clang++')];
  if (wanted && !findProgram(wanted[0]))
    throw new Trouble(`CXX names ${wanted[0]}, which was not found`, 'unset CXX or let it name a C++ compiler');
  const pythons = ['python3', 'python'].map((name) => findProgram(name)).filter(Boolean);
  const python = await firstWithPip(pythons);
  const missing = [];
  if (!python) missing.push(pythons.length > 0 ? 'pip' : 'python');
  if (!compiler[0]) missing.push('compiler');
  if (missing.length > 0) throw programsTrouble(missing);
  return { python, compiler };
}

async function firstWithPip(pythons) {
  for (const python of pythons) {
    const { code } = await run(python, [
      '-c',
      'import sys, pip, zipfile, zlib, ssl; sys.exit(sys.version_info < (3, 8))',
    ]);
    if (code === 0) return python;
  }
  return undefined;
}

function checkSpace(place, wheels) {
  const { bavail, bsize } = statfsSync(place.root);
  const needed = spaceNeeded(wheels) - bytesKept(place);
  if (bavail * bsize >= needed) return;
  const free = `${megabytes(needed)} MB are needed in ${place.root} and ${megabytes(bavail * bsize)} MB are free`;
  throw diskTrouble(place.root, free);
}

/** Errors of the file system are troubles of this machine; anything else is a fault of ours. */
function asTrouble(error, place) {
  if (error instanceof Trouble) return error;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return diskTrouble(place.root);
  if (['EACCES', 'EPERM', 'EROFS'].includes(error.code))
    return new Trouble(
      `the engine folder ${place.root} cannot be written (${error.code})`,
      'allow it, or set TERCET_ENGINE',
    );
  return undefined;
}
