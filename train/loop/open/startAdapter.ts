import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { adapterClaims, readAdapter, type Adapter } from '../../../checkpoints/adapter/adapter.js';
import { adapterHash } from '../../../checkpoints/adapter/adapterHash.js';
import { isInTower } from '../../../checkpoints/adapter/names.js';
import { adapterGaps } from '../../../checkpoints/adapter/problems.js';
import { contractDifferences, listDifferences, readContract } from '../../../checkpoints/contract/contractFile.js';
import { baseReference } from '../../../checkpoints/hub/baseReference.js';
import type { RunRecord } from '../../../checkpoints/run/config.js';
import type { Contract } from '../../../configs/contract.js';
import { UserError } from '../../../configs/userError.js';
import type { Model } from '../../../model/layer/decoder.js';
import { freshAdapter, requireFit } from '../../../model/layer/lora.js';

/** An adapter that a run starts from. */
export interface StartAdapter {
  folder: string;
  adapter: Adapter;
  hash: string;
  /** What it was trained under; adapters of other tools do not say. */
  contract: Contract | undefined;
  /** For people: what it says of itself that is not followed. */
  warnings: string[];
}

/** Read the adapter that a run is to start from. @throws UserError when it or its contract cannot be read */
export async function readStart(folder: string): Promise<StartAdapter> {
  const adapter = await readAdapter(folder);
  const file = join(folder, 'contract.json');
  return {
    folder,
    adapter,
    hash: adapterHash(adapter),
    contract: existsSync(file) ? await readContract(file) : undefined,
    warnings: await adapterClaims(folder),
  };
}

/** What training starts from: a fresh adapter, or the one that was given. @throws UserError when that does not fit */
export function startingAdapter(
  given: Adapter | undefined,
  model: Model,
  settings: RunRecord['settings'],
  base: RunRecord['base'],
): Adapter {
  const adapter = given ? startedFrom(given, model, settings) : freshAdapter(model, settings.lora, settings.seed);
  return { ...adapter, ...baseReference(base) };
}

/** A given adapter brings its rank, alpha and targets along, in the vision tower too; stating others would have no effect. */
export function keepAdapterSettings(
  { rank, alpha, targets, matrices }: Adapter,
  settings: RunRecord['settings'],
  overridden: string[],
): void {
  const ineffective = overridden.find((path) => ownSettings.includes(path));
  if (ineffective)
    throw new UserError(
      `${ineffective} has no effect with --adapter, which keeps the adapter's own; leave one of them out`,
    );
  const { tower: _, ...lora } = settings.lora;
  const isTowerAdapted = [...matrices.keys()].some(isInTower);
  settings.lora = { ...lora, rank, alpha, targets, ...(isTowerAdapted && { tower: true }) };
}

const ownSettings = ['lora.rank', 'lora.alpha', 'lora.targets', 'lora.tower'];

/** Arithmetic, which a machine may not offer. */
const mayDiffer: ReadonlySet<keyof Contract> = new Set(['precision', 'float32Products']);

/**
 * Refuse to train an adapter on under other rules than it was made for.
 * @param allowed  fields that may differ
 * @returns what is to be told: fields that do, or that nothing tells
 * @throws UserError naming the fields that differ, or those that were allowed to and do not
 */
export function requireStartContract(
  { folder, contract: made }: StartAdapter,
  contract: Contract,
  allowed: readonly (keyof Contract)[],
): string[] {
  if (!made && allowed.length === 0)
    return [
      `the adapter ${folder} has no contract.json: whether it was made with the prefixes, lengths, end of text, pooling ` +
        'and temperature of this run cannot be checked',
    ];
  const differences = made ? contractDifferences(made, contract).filter(({ field }) => !mayDiffer.has(field)) : [];
  const idle = allowed.find((name) => !differences.some(({ field }) => field === name));
  if (idle !== undefined) {
    const why = made ? 'is the same in the contract of' : 'is not stated by';
    throw new UserError(`--allow-contract ${idle} has no effect: ${idle} ${why} ${folder}; leave it out`);
  }
  const refused = differences.filter(({ field }) => !allowed.includes(field));
  if (refused.length > 0)
    throw new UserError(
      `the adapter ${folder} was made under another contract: ${listDifferences(refused)}; use the same settings, or allow it by ` +
        `--allow-contract ${[...new Set(refused.map(({ field }) => field))].join(' ')}`,
    );
  return differences.length === 0
    ? []
    : [
        `the adapter ${folder} was made under another contract: ${listDifferences(differences)}, as --allow-contract lets it`,
      ];
}

/** Where a base says under which contract it was made, in which fields a run on it differs: a line at most. */
export async function otherBaseContract(folder: string, contract: Contract): Promise<string[]> {
  const file = join(folder, 'contract.json');
  if (!existsSync(file)) return [];
  const differing = contractDifferences(await readContract(file), contract).filter(
    ({ field }) => !mayDiffer.has(field),
  );
  return differing.length === 0
    ? []
    : [
        `the base ${folder} was made under another contract than this run trains it under: ${listDifferences(differing)}`,
      ];
}

/** A given adapter as this run's own: of this base, with this run's dropout. @throws UserError when it does not fit */
function startedFrom(given: Adapter, model: Model, { lora }: RunRecord['settings']): Adapter {
  requireFit(model, given);
  const gaps = adapterGaps(given, model.config.layers);
  if (gaps.length > 0) throw new UserError(`the adapter to start from must cover every layer: ${gaps.join('; ')}`);
  const { revision: _, ...rest } = given; // of the base it was made for, which may lie elsewhere
  return { ...rest, weightsHash: model.weightsHash, dropout: lora.dropout };
}
