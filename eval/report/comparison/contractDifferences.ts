import { contractFields } from '../../../checkpoints/contract/contractFile.js';
import type { Contract } from '../../../configs/contract.js';
import type { RunConfig } from '../../../configs/schema.js';

/** A field or setting that is not the same everywhere. */
export interface Difference {
  /** Name of a contract's field, or dotted path of a setting. */
  field: string;
  /** What each has there, in the order given; undefined where it has nothing. */
  values: { name: string; value: unknown }[];
  /** Whether it follows from the base that each started from, so that the comparison stays one of bases. */
  byBase: boolean;
}

/** What a base brings along: its tokenizer, the ids that tokenizer adds, its chat template's own words. */
const fieldsOfTheBase: ReadonlySet<keyof Contract> = new Set([
  'tokenizer',
  'bosId',
  'eosId',
  'chatBefore',
  'chatAfter',
]);

/**
 * The fields in which contracts differ, in the order of the contract. A chat template or an EOS that one has and another
 * lacks is no matter of the base: the recipe decides whether there is one.
 */
export function contractDifferences(contracts: readonly { name: string; contract: Contract }[]): Difference[] {
  return contractFields.flatMap((field) => {
    const values = contracts.map(({ name, contract }) => ({ name, value: contract[field] as unknown }));
    if (!differ(values)) return [];
    const isPresent = new Set(values.map(({ value }) => value !== undefined && value !== null));
    const byBase = fieldsOfTheBase.has(field) && (field === 'bosId' || isPresent.size === 1);
    return [{ field, values, byBase }];
  });
}

/** What changes how long a run takes or what it leaves behind, never what it computes. */
const settingsWithoutEffect: ReadonlySet<string> = new Set([
  'training.chunkTokens',
  'training.memoryMegabytes',
  'training.tokenizerThreads',
  'training.saveEverySteps',
  'training.keepStates',
  'evaluation.tasks',
  'evaluation.tasksDir',
  'evaluation.batchTokens',
]);

/** What a run was told, as its config.yaml says. */
export interface RunSettings {
  settings: RunConfig;
  /** Training files. */
  data: readonly string[];
  /** Rows of all of them together. */
  rows: number;
  updates: number;
}

/**
 * The settings in which runs differ, besides their bases: none of them follows from the base. Data is compared by the
 * names of its files and their rows, since the same files may lie elsewhere on another machine.
 */
export function settingDifferences(configs: readonly ({ name: string } & RunSettings)[]): Difference[] {
  const told = configs.map(({ name, settings, data, rows, updates }) => {
    const files = data.map((file) => file.split(/[\\/]/).at(-1)!);
    return { name, leaves: new Map(leaves({ data: files, rows, updates, ...settings })) };
  });
  const paths = new Set(told.flatMap((one) => [...one.leaves.keys()]));
  return [...paths]
    .filter((path) => !settingsWithoutEffect.has(path))
    .map((path) => ({ path, values: told.map((one) => ({ name: one.name, value: one.leaves.get(path) })) }))
    .filter(({ values }) => differ(values))
    .map(({ path, values }) => ({ field: path, values, byBase: false }));
}

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

function leaves(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, path === '' ? name : `${path}.${name}`));
}
