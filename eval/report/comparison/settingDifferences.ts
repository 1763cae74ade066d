import type { RunRecord } from '../../../checkpoints/run/config.js';
import { contractDifferences, settingDifferences, type Difference } from './contractDifferences.js';
import type { FieldDifference } from './comparison.js';
import type { Evaluated, ReadModel } from './readModel.js';

/**
 * In what the models differ: their bases, then each setting of training and field of the contract that is not the same
 * for all, and whether it follows from the base. Seeds are left out: runs of several are repeated measurements.
 * @param nameOf  what the report calls a model
 */
export function fieldDifferences(
  models: readonly ReadModel[],
  nameOf: (model: ReadModel) => string,
): FieldDifference[] {
  const trained = models.flatMap((model) => (model.record ? [{ name: nameOf(model), record: model.record }] : []));
  const encoding = models.flatMap((model) =>
    model.contract ? [{ name: nameOf(model), contract: model.contract }] : [],
  );
  const told = trained.map(({ name, record: { settings, data, rows, updates } }) => ({
    name,
    settings,
    data,
    rows,
    updates,
  }));
  return [
    ...own(trained, 'base', true, ({ base }) => base.name),
    ...own(trained, 'adapter to start from', false, ({ adapter }) => adapter),
    ...settingDifferences(told)
      // The contract itself is compared, which holds more.
      .filter(({ field }) => field !== 'seed' && !field.startsWith('contract.'))
      .map((difference) => shown(difference, '')),
    ...contractDifferences(encoding).map((difference) => shown(difference, 'contract.')),
  ];
}

/** Why this is no comparison: what differs beside the base, one line each. */
export function objectionsOf(
  models: readonly ReadModel[],
  differences: readonly FieldDifference[],
  nameOf: (model: ReadModel) => string,
): string[] {
  const settings = differences
    .filter(({ isOfBase }) => !isOfBase)
    .map(({ field, values }) => {
      const list = Object.entries(values).map(([model, value]) => `${value} in ${model}`);
      return `${field} is ${list.join(', ')}`;
    });
  return [...settings, ...taskObjections(models, nameOf)];
}

/** Whether runs differ in nothing but their seed. */
export function differInSeedOnly(one: ReadModel, other: ReadModel): boolean {
  if (!one.record || !other.record) return false;
  if (one.record.base.weightsHash !== other.record.base.weightsHash) return false;
  if (one.record.settings.seed === other.record.settings.seed) return false;
  return fieldDifferences([one, other], ({ name }) => name).length === 0;
}

function own(
  trained: readonly { name: string; record: RunRecord }[],
  field: string,
  isOfBase: boolean,
  of: (record: RunRecord) => string | undefined,
): FieldDifference[] {
  const values = trained.map(({ name, record }): [string, string] => [name, of(record) ?? 'none']);
  return new Set(values.map(([, value]) => value)).size < 2
    ? []
    : [{ field, values: Object.fromEntries(values), isOfBase }];
}

const shown = ({ field, values, byBase }: Difference, before: string): FieldDifference => ({
  field: before + field,
  values: Object.fromEntries(values.map(({ name, value }) => [name, JSON.stringify(value) ?? 'absent'])),
  isOfBase: byBase,
});

function taskObjections([first, ...others]: readonly ReadModel[], nameOf: (model: ReadModel) => string): string[] {
  const key = ({ summary: { taskHash, ignoreIdenticalIds } }: Evaluated) => `${taskHash} ${ignoreIdenticalIds}`;
  return others.flatMap((other) =>
    other.evaluated.flatMap((found) => {
      if (found.of !== 'run') return [];
      const same = first!.evaluated.find(({ of, summary: { task } }) => of === 'run' && task === found.summary.task);
      if (!same || key(same) === key(found)) return [];
      return [`task ${found.summary.task} was another one for ${nameOf(first!)} than for ${nameOf(other)}`];
    }),
  );
}
