import { createHash } from 'node:crypto';
import type { Contract, ImageContract } from '../../configs/contract.js';
import { UserError } from '../../configs/userError.js';
import { readJsonObject } from '../base/baseFolder.js';
import { writeBeside } from '../../data/files/writeBeside.js';

/** Every field of a contract, in the order in which differences are told; the type makes the list complete. */
export const contractFields = Object.keys({
  tokenizer: 0,
  queryPrefix: 0,
  passagePrefix: 0,
  querySuffix: 0,
  passageSuffix: 0,
  titleRule: 0,
  chatBefore: 0,
  chatAfter: 0,
  answerStart: 0,
  bosId: 0,
  eosId: 0,
  eosToken: 0,
  queryMaxLength: 0,
  passageMaxLength: 0,
  pooling: 0,
  normalize: 0,
  precision: 0,
  float32Products: 0,
  temperature: 0,
  image: 0,
} satisfies Record<keyof Contract, 0>) as (keyof Contract)[];

/** Absent where a contract has no use for them, and then no part of its hash. */
const optionalFields: ReadonlySet<keyof Contract> = new Set([
  'querySuffix',
  'passageSuffix',
  'chatBefore',
  'chatAfter',
  'answerStart',
  'eosToken',
  'float32Products',
  'image',
] as const satisfies OptionalField[]);

type OptionalField = { [Key in keyof Contract]-?: undefined extends Contract[Key] ? Key : never }[keyof Contract];

export interface ContractDifference {
  field: keyof Contract;
  /** Of the field, or of the part of it that differs, such as `image.maxPixels`. */
  name: string;
  left: unknown;
  right: unknown;
}

/** SHA-256, in hexadecimal, of a contract's fields in the order of their names: equal contracts, equal hashes. */
export const contractHash = (contract: Contract): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.fromEntries([...contractFields].sort().map((field) => [field, contract[field]]))))
    .digest('hex');

/** What a contract file holds: every field and, so that an edited one is noticed, the hash. */
export const contractText = (contract: Contract): string =>
  JSON.stringify({ ...contract, hash: contractHash(contract) }, null, 2) + '\n';

/** Write a contract beside its place and rename it. */
export const writeContract = (file: string, contract: Contract): Promise<void> =>
  writeBeside(file, contractText(contract));

/**
 * Read a contract.
 * @throws UserError when it is missing, incomplete, or its fields are not those that its hash was made of
 */
export async function readContract(file: string): Promise<Contract> {
  const { hash, ...contract } = (await readJsonObject(file)) as unknown as Contract & { hash: string };
  const missing = contractFields.filter((field) => contract[field] === undefined && !optionalFields.has(field));
  if (missing.length > 0) throw new UserError(`${file} lacks ${missing.join(', ')}; write it again`);
  if (hash !== contractHash(contract))
    throw new UserError(`${file} was changed by hand: its hash is not that of its fields; restore it or train again`);
  return contract;
}

/** The fields in which two contracts differ, and where both tell of images what differs in that. */
export const contractDifferences = (left: Contract, right: Contract): ContractDifference[] =>
  comparedFields([left, right])
    .map(({ field, name, of }) => ({ field, name, left: of(left), right: of(right) }))
    .filter((each) => JSON.stringify(each.left) !== JSON.stringify(each.right));

interface ComparedField {
  field: keyof Contract;
  name: string;
  of(contract: Contract): unknown;
}

/** What contracts are compared by: every field, and in the place of images, where all tell of them, each part of that. */
export function comparedFields(contracts: readonly Contract[]): ComparedField[] {
  const partsOf = (images: readonly ImageContract[]) => [...new Set(images.flatMap((image) => Object.keys(image)))];
  return contractFields.flatMap((field): ComparedField[] => {
    const images = contracts.flatMap(({ image }) => image ?? []);
    if (field !== 'image' || images.length < contracts.length)
      return [{ field, name: field, of: (contract) => contract[field] }];
    return partsOf(images).map((part) => ({
      field,
      name: `image.${part}`,
      of: ({ image }) => image![part as keyof ImageContract],
    }));
  });
}

/** Differences for people, in one line. */
export const listDifferences = (differences: readonly ContractDifference[]): string =>
  differences.map(({ name, left, right }) => `${name} ${shown(left)}, not ${shown(right)}`).join('; ');

const shown = (value: unknown) => JSON.stringify(value) ?? 'none';

/**
 * Refuse to mix embeddings made under different rules.
 * @param what  whose contract was found, such as `adapter checkpoints/runs/a/adapter`
 * @throws UserError listing every difference
 */
export function requireSameContract(found: Contract, expected: Contract, what: string): void {
  const differences = contractDifferences(found, expected);
  if (differences.length === 0) return;
  throw new UserError(
    `${what} was made under another contract: ${listDifferences(differences)}; use the same settings, or make it again under these`,
  );
}
