import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeFolder } from '../../data/files/makeFolder.js';
import { UserError } from '../../configs/userError.js';
import { readJsonObject } from '../base/baseFolder.js';
import {
  fromFloat32,
  readSafetensorsIndex,
  readTensorBytes,
  toFloat32,
  writeSafetensors,
} from '../tensors/safetensors.js';
import { explainReadFailure } from '../../data/files/read/explainReadFailure.js';
import { removeOwnFolder } from '../../data/files/ownFolder.js';
import { partialMark, writeBeside } from '../../data/files/writeBeside.js';
import { lifeOf, owner } from '../../setup/lock/owner.mjs';
import { replacedMark, replaceFolder, restoreReplaced } from '../../data/files/writeFolder.js';

/** Float32 numbers of one adapter matrix or optimizer moment. */
export interface StateTensor {
  shape: number[];
  values: Float32Array;
}

/** All that a run needs to go on as if it had never stopped. */
export interface State {
  tensors: Map<string, StateTensor>;
  /** Anything JSON can hold: data position, random state, hashes, ... */
  data: Record<string, unknown>;
}

export interface SavedState extends State {
  /** Updates made so far. */
  step: number;
  folder: string;
}

const tensorsName = 'state.safetensors';
const dataName = 'state.json';
/** All in the folder of a state. */
export const stateFiles = /^state\.(safetensors|json)$/;

/**
 * Save a state as `step-000100` in the run's state folder. It has that name only when it is complete and on the disk;
 * a state of the same step is replaced. What earlier processes left unfinished is removed.
 * @returns the folder of the state
 * @throws UserError when the disk is full; earlier states are intact
 */
export async function saveState(stateFolder: string, step: number, state: State): Promise<string> {
  await makeFolder(stateFolder);
  await removeUnfinished(stateFolder);
  const folder = join(stateFolder, stateName(step));
  const tensors = [...state.tensors].map(([name, { shape, values }]) => ({
    name,
    dtype: 'F32' as const,
    shape,
    bytes: fromFloat32(values, 'F32'),
  }));
  const sha256 = hashOf(tensors.map(({ bytes }) => bytes));
  await replaceFolder(folder, stateFiles, async (partial) => {
    await writeSafetensors(join(partial, tensorsName), tensors);
    await writeBeside(join(partial, dataName), JSON.stringify({ step, sha256, data: state.data }, null, 2) + '\n');
  });
  return folder;
}

/**
 * Read the newest complete state. One that is damaged is passed over for the one before it, with a warning.
 * @returns state is undefined when none was saved yet
 * @throws UserError when states were saved and all are damaged
 */
export async function latestState(stateFolder: string): Promise<{ state: SavedState | undefined; warnings: string[] }> {
  const warnings: string[] = [];
  for (const folder of (await stateFolders(stateFolder)).reverse()) {
    try {
      return { state: await readState(folder), warnings };
    } catch (error) {
      const explained = explainReadFailure(error, folder);
      if (!(explained instanceof UserError)) throw explained;
      warnings.push(`state ${folder} is passed over: ${explained.message}`);
    }
  }
  if (warnings.length > 0)
    throw new UserError(`no state in ${stateFolder} can be used (${warnings[0]}); start again under another --run`);
  return { state: undefined, warnings };
}

/**
 * Read one state.
 * @throws UserError when a file is missing, cut short, or its numbers are not those that were saved
 */
export async function readState(folder: string): Promise<SavedState> {
  const { step, sha256, data } = await readData(folder);
  const tensors = new Map<string, StateTensor>();
  const parts: Uint8Array[] = [];
  for (const [name, entry] of (await readSafetensorsIndex(join(folder, tensorsName))).tensors) {
    const bytes = await readTensorBytes(entry);
    parts.push(bytes);
    tensors.set(name, { shape: entry.shape, values: toFloat32(bytes, entry.dtype) });
  }
  if (hashOf(parts) !== sha256)
    throw new AlteredState(`${join(folder, tensorsName)} is damaged: its numbers are not those that were saved`);
  return { step, folder, tensors, data };
}

/** What a state holds beside its numbers. @throws UserError when that is missing or damaged */
export const readStateData = async (folder: string): Promise<State['data']> => (await readData(folder)).data;

async function readData(folder: string): Promise<{ step: number; sha256: unknown; data: State['data'] }> {
  const { step, sha256, data } = await readJsonObject(join(folder, dataName));
  if (typeof step !== 'number' || typeof data !== 'object' || data === null)
    throw new UserError(`${join(folder, dataName)} lacks step or data; resume from another state`);
  return { step, sha256, data: data as State['data'] };
}

/** A state that was read as a whole and holds other numbers than were saved: it cannot become right again. */
export class AlteredState extends UserError {}

/**
 * Remove all but the newest states.
 * @param keep   at least 1
 * @param spare  steps whose states stay whatever their age, such as the best so far; they do not count as newest ones
 */
export async function pruneStates(stateFolder: string, keep: number, spare: readonly number[] = []): Promise<void> {
  if (!(keep >= 1)) throw new Error(`pruneStates must keep at least 1 state; got ${keep}`);
  const others = (await stateFolders(stateFolder)).filter((folder) => !spare.includes(stepOf(folder)));
  for (const folder of others.slice(0, -keep)) await removeOwnFolder(folder, stateFiles);
}

/** The name of a step's state: sorting by name sorts by step up to a million steps. */
export const stateName = (step: number) => `step-${String(step).padStart(6, '0')}`;

/** Complete states, oldest first. A state that was being replaced when its process died still counts. */
export async function stateFolders(stateFolder: string): Promise<string[]> {
  if (!existsSync(stateFolder)) return [];
  const names = await readdir(stateFolder);
  const complete = names.filter((name) => {
    const [original, by] = name.split(replacedMark) as [string, string?];
    return /^step-\d+$/.test(original) && (by === undefined || !names.includes(original));
  });
  return complete.sort((one, other) => stepOf(one) - stepOf(other)).map((name) => join(stateFolder, name));
}

async function removeUnfinished(stateFolder: string): Promise<void> {
  await restoreReplaced(stateFolder);
  for (const name of await readdir(stateFolder)) {
    const [original, by] = name.split(partialMark) as [string, string?];
    if (/^step-\d+$/.test(original) && (by === owner || lifeOf(by) === 'gone'))
      await rm(join(stateFolder, name), { recursive: true, force: true });
  }
}

export const stepOf = (folder: string) => parseInt(basename(folder).slice('step-'.length), 10);

function hashOf(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
