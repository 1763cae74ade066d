import type { ComparedModel, ComparedRow, ComparedTask, Setting } from './comparison.js';
import { costOf, meanCost } from './costOf.js';
import { mergedRow } from './mergeSeeds.js';
import { publishedMetrics, type Published } from './published.js';
import type { Evaluated, ReadModel } from './readModel.js';

/** A model of a comparison with its results. */
export interface WithRows {
  model: ComparedModel;
  rows: ComparedRow[];
}

/** A run's own name; several seeds have that of their base, as long as it stands for them alone. */
export function nameOfGroup(members: ReadModel[], groups: ReadModel[][], labels?: ReadonlyMap<string, string>): string {
  const [first] = members;
  const label = labels?.get(first!.name);
  if (label !== undefined) return members.length === 1 ? label : `${label}, ${members.length} seeds`;
  if (members.length === 1) return first!.name === 'bm25' ? 'BM25' : first!.name;
  const base = first!.record!.base.name;
  const rivals = groups.filter(([other]) => other!.record?.base.name === base).length;
  const seeds = `${members.length} seeds`;
  return rivals === 1 ? `${base}, ${seeds}` : `${first!.name}, ${seeds}`;
}

/** Models that were asked for, each with its results: several runs where they differ in their seed alone. */
export const ownModels = (named: readonly { name: string; members: ReadModel[] }[]): WithRows[] =>
  named.map(({ name, members }) => ({ model: ownModel(name, members), rows: rowsOf(name, members) }));

/** What runs were compared with when they were made: once where it is the same, else once for each that it is not. */
export function referencesOf(models: readonly ReadModel[]): WithRows[] {
  const found = new Map<string, { plain: string; runs: string[]; results: Map<string, Evaluated> }>();
  for (const { name: run, record, evaluated } of models)
    for (const result of evaluated) {
      if (result.of === 'run') continue;
      const plain = result.of === 'bm25' ? 'BM25' : `${record!.base.name}, ${result.of}`;
      // The same base under another contract, BM25 with other settings: another model.
      const key = JSON.stringify([plain, identityOf(result)]);
      const entry = found.get(key) ?? { plain, runs: [], results: new Map<string, Evaluated>() };
      if (!entry.runs.includes(run)) entry.runs.push(run);
      if (!entry.results.has(result.summary.task)) entry.results.set(result.summary.task, result);
      found.set(key, entry);
    }
  // Where BM25 is itself among the models named, its own results stand.
  const isNamed = models.some(({ name }) => name === 'bm25');
  const entries = [...found.values()].filter(({ plain }) => plain !== 'BM25' || !isNamed);
  return entries.map(({ plain, runs, results }) => {
    const isOne = entries.filter((other) => other.plain === plain).length === 1;
    const name = isOne ? plain : `${plain} of ${[...runs].sort().join(', ')}`;
    const setting: Setting = plain === 'BM25' ? 'BM25' : 'Not fine-tuned';
    const about = [...results.values()][0]!.summary.model;
    return {
      model: { name, setting, about, runs: [], contract: null, cost: {} },
      rows: [...results].map(([task, result]) => mergedRow(name, task, [result])),
    };
  });
}

/** Figures of others on the tasks and metrics that ours have; a model without any is left out. */
export function publishedOf(
  published: readonly Published[],
  tasks: readonly ComparedTask[],
  scored: readonly string[],
): WithRows[] {
  const taken = new Set(['BM25', ...scored]);
  return published
    .flatMap(({ models }) => models)
    .map((model) => (taken.has(model.name) ? { ...model, name: `${model.name} (published)` } : model))
    .flatMap((model) => {
      const rows = tasks.flatMap(({ name: task, identity, metrics: names }): ComparedRow[] => {
        const metrics = Object.entries(publishedMetrics(model, identity) ?? {}).filter(([name]) =>
          names.includes(name),
        );
        return metrics.length === 0
          ? []
          : [{ task, model: model.name, metrics: Object.fromEntries(metrics), folders: [], queries: 0 }];
      });
      if (rows.length === 0) return [];
      const { name, about } = model;
      return [
        { model: { name, about, setting: 'Published by others' as const, runs: [], contract: null, cost: {} }, rows },
      ];
    });
}

function ownModel(name: string, members: ReadModel[]): ComparedModel {
  const [{ record, contract, evaluated }] = members as [ReadModel];
  const isBm25 = !record && evaluated.every(({ summary }) => summary.contract === null);
  const isBase = !record && evaluated.every(({ summary }) => summary.model.startsWith('base'));
  return {
    name,
    setting: isBm25 ? 'BM25' : isBase ? 'Not fine-tuned' : 'Fine-tuned',
    about: record
      ? `${record.base.name}, recipe ${record.recipe}, ${updatesIn(record.updates, members)}, ` +
        `${members.length === 1 ? 'seed' : 'seeds'} ${members.map((member) => member.record!.settings.seed).join(', ')}`
      : evaluated[0]!.summary.model,
    runs: record ? members.map((member) => member.name) : [],
    contract,
    cost: meanCost(members.map(costOf)),
  };
}

/** How long the members of a model were trained, and after which update each was exported where that was not the last. */
function updatesIn(updates: number, members: readonly ReadModel[]): string {
  const exported = members.map(
    ({ log }) => (log.filter(({ event }) => event === 'end').at(-1)?.['exported'] as number | undefined) ?? updates,
  );
  const best = exported.some((update) => update !== updates) ? `, the best after ${exported.join(', ')} of them` : '';
  return `${updates.toLocaleString('en-US')} updates${best}`;
}

function rowsOf(model: string, members: readonly ReadModel[]): ComparedRow[] {
  const found = members.flatMap(({ evaluated }) => evaluated.filter((each) => each.of === 'run'));
  const tasks = new Set(found.map(({ summary }) => summary.task));
  return [...tasks].map((task) =>
    mergedRow(
      model,
      task,
      found.filter(({ summary }) => summary.task === task),
    ),
  );
}

/** Results of older versions have no identity. */
const identityOf = ({ summary }: Evaluated) => summary.identity ?? summary.contract;
