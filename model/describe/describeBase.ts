import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openBaseFolder, readJsonObject } from '../../checkpoints/base/baseFolder.js';
import { findCached } from '../../checkpoints/hub/hubCache.js';
import { hubSettings, type HubSettings } from '../../checkpoints/hub/hubSettings.js';
import { listSnapshot, readHubFile } from '../../checkpoints/hub/listSnapshot.js';
import { planDownload } from '../../checkpoints/hub/planDownload.js';
import type { BaseShape } from '../../configs/load/baseFile.js';
import { loadConfig } from '../../configs/load/loadConfig.js';
import { resolveBase, type HubRevision } from '../../configs/load/resolveBase.js';
import { UserError } from '../../configs/userError.js';
import { freeBytes } from '../../data/download/requireSpace.js';
import { UnreachableError } from '../../data/download/web/webErrors.js';
import { describePage, type PageDescription } from './describePage.js';
import { expectedPlan } from './expectedPlan.js';
import type { MemoryPlan } from '../memory/memoryPlan.js';
import { modelConfig, type ModelConfig } from '../modelConfig.js';
import { checkpointParameters, matrixParameters, shapeOf } from '../memory/shapeArithmetic.js';
import { trainedParameters } from '../memory/trainedParameters.js';
import { tensorReport, type TensorReport } from '../load/tensorReport.js';
import { visionConfig } from '../vision/visionConfig.js';

/** All that can be said of a base before it is used. Sizes in bytes. */
export interface BaseDescription {
  name: string;
  recipe: string;
  about?: string;
  licence?: string;
  special: string[];
  /** Where it is, or will be. */
  folder: string;
  hub?: { id: string; revision: string; commit?: string };
  files: FilesOnDisk;
  diskFree: number;
  shape?: BaseShape;
  parameters?: { checkpoint: number; trained: number };
  /** How training by its recipe would use the memory of this machine, or the bytes that it needs at least. */
  memory?: MemoryPlan | { needs: number };
  /** Operations on numbers for a token, in training and in encoding. */
  operationsPerToken?: { training: number; encoding: number };
  /** Of a base that reads images. */
  page?: PageDescription;
}

export interface FilesOnDisk {
  /** Undefined where the hub was not asked. */
  count?: number;
  bytes: number;
  present: number;
  /** Why `bytes` is an estimate from the shape, or why the base cannot be had. */
  estimated?: string;
  refused?: string;
}

/** Describe a base that a user names. The hub is asked what it holds, nothing is downloaded. */
export async function describeBase(text: string, settings = hubSettings()): Promise<BaseDescription> {
  const { name, recipe, source, file } = resolveBase(text);
  const shared = { name, recipe, special: file?.special ?? [] };
  const told = { ...shared, ...(file && { about: file.about, licence: file.licence }) };
  if ('folder' in source) {
    const { folder } = source;
    return { ...told, folder, files: filesIn(folder), ...arithmetic(recipe, await shapeIn(folder)), ...disk(folder) };
  }
  const shape = file?.shape;
  const found = await lookUp(source, settings, shape);
  const hub = { ...source, ...(found.commit !== undefined && { commit: found.commit }) };
  const { files, folder } = found;
  return { ...told, hub, files, folder, ...arithmetic(recipe, found.shape ?? shape), ...disk(folder) };
}

/** What becomes of each tensor of a base whose files are here. @throws UserError when they are not */
export async function describeTensors({ folder, name }: BaseDescription): Promise<TensorReport> {
  if (!existsSync(join(folder, 'config.json')))
    throw new UserError(`${name} is not on this machine, so its tensors are not known; --tensors needs it downloaded`);
  const { config, tensors } = await openBaseFolder(folder);
  return tensorReport(tensors, modelConfig(config, join(folder, 'config.json')), isTied(config));
}

interface Found {
  folder: string;
  commit?: string;
  files: FilesOnDisk;
  shape?: BaseShape;
}

async function lookUp(source: HubRevision, settings: HubSettings, shape: BaseShape | undefined): Promise<Found> {
  const cached = findCached(settings.cache, source, 'model');
  if (cached) {
    const own = await shapeIn(cached.folder);
    return { ...cached, files: filesIn(cached.folder), ...(own && { shape: own }) };
  }
  const guess = { bytes: shape ? checkpointBytes(shape) : 0, present: 0 };
  const absent = { folder: settings.cache, files: guess };
  if (settings.offline) return { ...absent, files: { ...guess, estimated: 'HF_HUB_OFFLINE forbids to ask the hub' } };
  try {
    const snapshot = await listSnapshot(source, settings);
    const { files, bytes, bytesPresent } = planDownload(snapshot, source, 'model', settings);
    const file = `${source.id}/config.json`;
    const config = shape
      ? undefined
      : parseConfig(await readHubFile(source.id, snapshot.commit, 'config.json', settings), file);
    return {
      folder: settings.cache,
      commit: snapshot.commit,
      files: { count: files.length, bytes, present: bytesPresent },
      ...(config && { shape: shapeFrom(config, file) }),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const why = error instanceof UnreachableError ? { estimated: error.message } : { refused: error.message };
    return { ...absent, files: { ...guess, ...why } };
  }
}

/** @throws UserError when a server sends something else */
function parseConfig(text: string, file: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new UserError(`${file} is no JSON as the hub sends it; check HF_ENDPOINT`);
  }
}

/** Weights in two bytes a number, and a tokenizer with what lies beside it. */
export const checkpointBytes = (shape: BaseShape) => 2 * checkpointParameters(shape) + 11.5e6;

function arithmetic(
  recipe: string,
  shape: BaseShape | undefined,
): Pick<BaseDescription, 'shape' | 'parameters' | 'memory' | 'operationsPerToken' | 'page'> {
  if (!shape) return {};
  const { config } = loadConfig(recipe);
  const trained = trainedParameters(shape, config.lora);
  const numbers = matrixParameters(shape);
  const page = describePage(shape, config);
  return {
    shape,
    parameters: { checkpoint: checkpointParameters(shape), trained },
    memory: expectedPlan(shape, config),
    // Two operations a number forward; training goes forward again for the gradient, and back through the inputs.
    operationsPerToken: { training: 6 * numbers, encoding: 2 * numbers },
    ...(page && { page }),
  };
}

/** The shape of a base in a folder; undefined where no config.json is there. */
export async function shapeIn(folder: string): Promise<BaseShape | undefined> {
  const file = join(folder, 'config.json');
  return existsSync(file) ? shapeFrom(await readJsonObject(file), file) : undefined;
}

function shapeFrom(config: Record<string, unknown>, file: string): BaseShape {
  const model = modelConfig(config, file);
  const vision = visionOf(config, model, file);
  return { ...shapeOf(model, isTied(config)), ...(vision && { vision }) };
}

/** The vision tower, undefined also where it is one that cannot be run: then texts alone are read. */
function visionOf(config: Record<string, unknown>, model: ModelConfig, file: string): BaseShape['vision'] {
  try {
    const found = visionConfig(config, model, file);
    if (!found) return undefined;
    const { hidden, intermediate, blocks, heads, patch, merge, window, fullBlocks } = found;
    return { hidden, intermediate, blocks, heads, patch, merge, window, fullBlocks };
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

const isTied = (config: Record<string, unknown>) => config['tie_word_embeddings'] === true;

function filesIn(folder: string): FilesOnDisk {
  const sizes = readdirSync(folder)
    .map((name) => statSync(join(folder, name), { throwIfNoEntry: false }))
    .flatMap((entry) => (entry?.isFile() ? [entry.size] : []));
  const bytes = sizes.reduce((total, size) => total + size, 0);
  return { count: sizes.length, bytes, present: bytes };
}

const disk = (folder: string) => ({ diskFree: freeBytes(folder) });
