import type { RunRecord } from '../../../../checkpoints/run/config.js';
import { trainedHash } from '../../../../checkpoints/run/trained.js';
import { contractDifferences, settingDifferences, type Difference } from './contractDifferences.js';
import { judgedOn } from '../../../score/judgedOn.js';
import type { FieldDifference } from '../comparison.js';
import type { ReadModel } from '../readModel.js';

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
  const told = trained.map(({ name, record }) => ({ ...record, name }));
  return [
    ...baseDifferences(trained),
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
  const [first, second] = [trainedOf(one), trainedOf(other)];
  return first !== null && first === second && one.record!.settings.seed !== other.record!.settings.seed;
}

const trainedOf = ({ record, contract }: ReadModel) => record && contract && trainedHash(record, contract);

/** Bases by name, or by their weights too where two of one name are not the same. */
function baseDifferences(trained: readonly { name: string; record: RunRecord }[]): FieldDifference[] {
  const bases = trained.map(({ record }) => record.base);
  const distinct = new Set(bases.map(({ weightsHash }) => weightsHash)).size;
  if (distinct < 2) return [];
  const isNamed = new Set(bases.map(({ name }) => name)).size === distinct;
  const values = trained.map(
    ({ name, record: { base } }) =>
      [name, isNamed ? base.name : `${base.name} ${base.weightsHash.slice(0, 8)}`] as const,
  );
  return [{ field: 'base', values: Object.fromEntries(values), isOfBase: true }];
}

const shown = ({ field, values, byBase }: Difference, before: string): FieldDifference => ({
  field: before + field,
  values: Object.fromEntries(values.map(({ name, value }) => [name, JSON.stringify(value) ?? 'absent'])),
  isOfBase: byBase,
});

/** Tasks that were not the same for every model, its base and BM25 included, whichever was named first. */
function taskObjections(models: readonly ReadModel[], nameOf: (model: ReadModel) => string): string[] {
  const found = models.flatMap((model) =>
    model.evaluated.map(({ of, summary }) => ({
      task: summary.task,
      data: judgedOn(summary).slice(0, 8),
      who: of === 'run' ? nameOf(model) : `${of} of ${nameOf(model)}`,
    })),
  );
  return [...new Set(found.map(({ task }) => task))].sort().flatMap((task) => {
    const onTask = found.filter((each) => each.task === task);
    const data = [...new Set(onTask.map((each) => each.data))].sort();
    if (data.length < 2) return [];
    const whose = data.map((each) => {
      const names = onTask.filter((one) => one.data === each).map(({ who }) => who);
      return `${each} for ${names.sort().join(', ')}`;
    });
    return [`task ${task} was not the same data for all: ${whose.join('; ')}`];
  });
}
