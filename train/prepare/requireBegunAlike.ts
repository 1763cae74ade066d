import { resolve } from 'node:path';
import type { RunRecord } from '../../checkpoints/run/config.js';
import { isCommit } from '../../checkpoints/hub/hubCache.js';
import type { NamedBase } from '../../configs/load/resolveBase.js';
import { UserError } from '../../configs/userError.js';
import type { AskedRun } from './askedRun.js';

/**
 * Require that a run which is there was begun as it is asked for now, so that it can go on.
 * @throws UserError naming all that differs
 */
export function requireBegunAlike(run: string, record: RunRecord, asked: AskedRun): void {
  const now = toldNow(record, asked);
  const before = toldBefore(record);
  const fields = [...new Set([...before.keys(), ...now.keys()])];
  const differing = fields.filter((field) => before.get(field) !== now.get(field));
  if (differing.length === 0) return;
  const shown = differing.map(
    (field) => `${field} was ${before.get(field) ?? 'none'} and is ${now.get(field) ?? 'none'}`,
  );
  throw new UserError(
    `run ${run} exists and was begun otherwise: ${shown.join('; ')}; ask for what it was begun with, or name another by --run`,
  );
}

function toldBefore({ base, data, weights, adapter, allowContract, settings }: RunRecord): Map<string, string> {
  const files = data.map((path, file) => [path, weights?.[file] ?? 1]);
  const place = base.hub ? `${base.hub.id}@${base.hub.commit}` : base.folder;
  return new Map([
    ['the base', place],
    ['the training data', JSON.stringify(files)],
    ['the adapter to start from', adapter ?? 'none'],
    ...(allowContract ? [['--allow-contract', inWords(allowContract)] as const] : []),
    ...leaves(settings),
  ]);
}

const inWords = (fields: readonly string[]) => [...fields].sort().join(' ') || 'none';

/** What a run settles when it begins is taken from its record where the command leaves it open. */
function toldNow(record: RunRecord, { base, data, adapter, allowContract, loaded }: AskedRun): Map<string, string> {
  const settings = structuredClone(loaded.config);
  if (settings.training.chunkTokens === 'auto') settings.training.chunkTokens = record.settings.training.chunkTokens;
  // An engine that does not offer a precision computes in float32.
  if (record.settings.contract.precision === 'float32' && !loaded.overridden.includes('contract.precision'))
    settings.contract.precision = 'float32';
  const { query, passage } = record.prompts ?? {};
  if (query !== undefined && !loaded.overridden.includes('contract.queryPrefix')) settings.contract.queryPrefix = query;
  if (passage !== undefined && !loaded.overridden.includes('contract.passagePrefix'))
    settings.contract.passagePrefix = passage;
  if (adapter !== undefined) {
    const { rank, alpha, targets } = record.settings.lora;
    Object.assign(settings.lora, { rank, alpha, targets });
  }
  return new Map([
    ['the base', placeNow(base, record)],
    ['the training data', JSON.stringify(data.files.map(({ path, weight }) => [resolve(path), weight]))],
    ['the adapter to start from', adapter === undefined ? 'none' : resolve(adapter)],
    ...(record.allowContract ? [['--allow-contract', inWords(allowContract)] as const] : []), // older runs do not say
    ...leaves(settings),
  ]);
}

/** A branch stands for the commit that the run began with. */
function placeNow({ source }: NamedBase, { base: { hub } }: RunRecord): string {
  if ('folder' in source) return resolve(source.folder);
  return `${source.id}@${hub && hub.id === source.id && !isCommit(source.revision) ? hub.commit : source.revision}`;
}

function leaves(value: unknown, path = ''): [string, string][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, JSON.stringify(value)]];
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .flatMap(([name, inner]) => leaves(inner, path === '' ? name : `${path}.${name}`));
}
