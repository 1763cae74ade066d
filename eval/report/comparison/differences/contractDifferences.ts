import { comparedFields } from '../../../../checkpoints/contract/contractFile.js';
import type { Contract } from '../../../../configs/contract.js';
import { trainedFields, type Told } from '../../../../checkpoints/run/trained.js';

/** A field or setting that is not the same everywhere. */
export interface Difference {
  /** Name of a contract's field, or dotted path of a setting. */
  field: string;
  /** What each has there, in the order given; undefined where it has nothing. */
  values: { name: string; value: unknown }[];
  /** Whether it follows from the base that each started from, so that the comparison stays one of bases. */
  byBase: boolean;
}

/** What a base brings along: its tokenizer, the ids that tokenizer adds, its chat template's own words, colours. */
const fieldsOfTheBase: ReadonlySet<string> = new Set([
  'tokenizer',
  'bosId',
  'eosId',
  'chatBefore',
  'chatAfter',
  'image.mean',
  'image.std',
]);

/**
 * The fields in which contracts differ, in the order of the contract. A chat template or an EOS that one has and another
 * lacks is no matter of the base: the recipe decides whether there is one.
 */
export function contractDifferences(contracts: readonly { name: string; contract: Contract }[]): Difference[] {
  return comparedFields(contracts.map(({ contract }) => contract)).flatMap(({ name: field, of }) => {
    const values = contracts.map(({ name, contract }) => ({ name, value: of(contract) }));
    if (!differ(values)) return [];
    const isPresent = new Set(values.map(({ value }) => value !== undefined && value !== null));
    const byBase = fieldsOfTheBase.has(field) && (field === 'bosId' || isPresent.size === 1);
    return [{ field, values, byBase }];
  });
}

/**
 * The settings in which runs differ, besides their bases: none of them follows from the base. Data is compared by what its files
 * hold, since the same files may lie elsewhere on another machine; by their names where a run did not record it.
 */
export function settingDifferences(configs: readonly ({ name: string } & Told)[]): Difference[] {
  const byName = configs.some(({ identities }) => !identities);
  const told = configs.map((config) => ({
    name: config.name,
    fields: trainedFields({ ...config, ...(byName && { identities: undefined }) }),
    files: config.data.map((file, index) => [basename(file), config.identities?.[index]?.slice(0, 8)].join(' ').trim()),
  }));
  const paths = new Set(told.flatMap(({ fields }) => [...fields.keys()]));
  return [...paths]
    .filter((path) => differ(told.map(({ fields }) => ({ value: fields.get(path) }))))
    .map((field) => ({
      field,
      values: told.map(({ name, fields, files }) => ({ name, value: field === 'data' ? files : fields.get(field) })),
      byBase: false,
    }));
}

const basename = (file: string) => file.split(/[\\/]/).at(-1)!;

/** One line for people: the field, then each value with those that have it. */
export function formatDifference({ field, values, byBase }: Difference): string {
  const named = new Map<string, string[]>();
  for (const { name, value } of values) {
    const text = JSON.stringify(value) ?? 'absent';
    named.set(text, [...(named.get(text) ?? []), name]);
  }
  const parts = [...named].map(([value, names]) => `${value} in ${names.join(', ')}`);
  return `${field} differs${byBase ? ' by base' : ''}: ${parts.join('; ')}`;
}

const differ = (values: readonly { value: unknown }[]) =>
  new Set(values.map(({ value }) => JSON.stringify(value))).size > 1;
