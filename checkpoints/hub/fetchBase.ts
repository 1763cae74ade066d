import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { downloadScreen, type DownloadScreen } from '../../configs/cli/download.js';
import type { BaseShape } from '../../configs/load/baseFile.js';
import type { Base, HubOrigin, NamedBase } from '../../configs/load/resolveBase.js';
import { readJsonObject } from '../base/baseFolder.js';
import { downloadSnapshot, type DownloadOptions } from './downloadSnapshot.js';
import type { Wanted } from './neededFiles.js';

export interface FetchOptions extends DownloadOptions {
  /** The whole model unless given. */
  wanted?: Wanted;
  screen?: DownloadScreen;
}

/**
 * Have a base's files on this machine: downloaded when they are not.
 * @throws UserError in one line when they cannot be had
 */
export async function fetchBase(named: NamedBase, options: FetchOptions = {}): Promise<Base> {
  const { name, recipe, source, file } = named;
  if ('folder' in source) return { name, recipe, folder: source.folder };
  const { wanted = 'model', screen = downloadScreen } = options;
  const { folder, commit } = await downloadSnapshot(source, wanted, screen, options);
  if (file?.shape && wanted === 'model') await requireShape(name, file.shape, join(folder, 'config.json'));
  return { name, recipe, folder, hub: { id: source.id, commit } };
}

/** A run's base: its folder, which is downloaded again when the cache was emptied. */
export async function refetchBase<T extends { folder: string; name: string; hub?: HubOrigin | undefined }>(
  base: T,
  options: FetchOptions = {},
): Promise<T> {
  const { folder, name, hub } = base;
  if (!hub || existsSync(join(folder, 'config.json'))) return base;
  const source = { id: hub.id, revision: hub.commit };
  return { ...base, folder: (await fetchBase({ name, recipe: '', source }, options)).folder };
}

/** What is stated before a download must be what comes. @throws a plain error: the base file is ours */
async function requireShape(name: string, shape: BaseShape, file: string): Promise<void> {
  const json = await readJsonObject(file);
  const config = { ...json, ...(json['text_config'] as object | undefined) } as Record<string, unknown>;
  const rope = (config['rope_parameters'] ?? {}) as Record<string, unknown>;
  const found: Partial<Record<keyof BaseShape, unknown>> = {
    hidden: config['hidden_size'],
    layers: config['num_hidden_layers'],
    heads: config['num_attention_heads'],
    kvHeads: config['num_key_value_heads'],
    intermediate: config['intermediate_size'],
    vocabularyRows: config['vocab_size'],
    ropeTheta: config['rope_theta'] ?? rope['rope_theta'],
  };
  for (const [field, value] of Object.entries(found))
    if (value !== shape[field as keyof BaseShape])
      throw new Error(`${file} gives ${field} ${String(value)}; configs/bases/${name}.yaml must say the same`);
}
