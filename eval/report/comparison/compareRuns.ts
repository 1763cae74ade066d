import { suggest } from '../../../configs/load/suggest.js';
import { UserError } from '../../../configs/userError.js';
import { averagesOf } from '../../score/averages.js';
import { differences } from '../../statistics/differences.js';
import { settings, type ComparedModel, type ComparedRow, type ComparedTask, type Comparison } from './comparison.js';
import { nameOfGroup, ownModels, publishedOf, referencesOf, type WithRows } from './comparedModels.js';
import { stepsOf } from './costOf.js';
import { groupOf, taskGroups } from './taskGroups.js';
import { groupBySeed } from './mergeSeeds.js';
import type { Published } from './published.js';
import { readModel, type Places, type ReadModel } from './readModel.js';
import { fieldDifferences, objectionsOf } from './differences/fieldDifferences.js';
import { stabilityOf } from './stabilityOf.js';
import { taskOf } from '../../score/scoreModel.js';
import { namedTask, taskNames } from '../../tasks/taskFile.js';

export interface CompareOptions {
  /** Name of the model that the others are tested against; the first where not given. */
  baseline?: string | undefined;
  published?: readonly Published[];
  /** Compare on these tasks alone, by name; else on all that any of the models was evaluated on. */
  tasks?: readonly string[];
  /** What models are called instead of by the names of their runs or folders. */
  labels?: ReadonlyMap<string, string>;
  onTest?: (done: number, all: number) => void;
}

/**
 * Set models side by side, each tested against the baseline. Runs that differ in their seed alone are one model. It is
 * a comparison only where the rest differ in their base and what follows from it: tokenizer, BOS and EOS. Otherwise
 * nothing is tested, and the objections say why.
 * @param names  as `readModel` takes them
 * @throws UserError when one is missing or was not evaluated
 */
export async function compareRuns(
  places: Places,
  names: readonly string[],
  { baseline, published = [], tasks: wanted, labels, onTest }: CompareOptions = {},
): Promise<Comparison> {
  const hasOthers = published.some(({ models }) => models.length > 0);
  if (new Set(names).size < (hasOthers ? 1 : 2) || new Set(names).size < names.length)
    throw new UserError(`compare takes two or more different runs; got ${names.join(' ') || 'none'}`);
  const read: ReadModel[] = [];
  for (const name of names) {
    const model = await readModel(places, name);
    const evaluated = model.evaluated.filter(({ summary }) => wanted?.includes(summary.task) ?? true);
    read.push({ ...model, evaluated });
  }
  const groups = groupBySeed(read);
  const named = groups.map((members) => ({ name: nameOfGroup(members, groups, labels), members }));
  const nameOf = (model: ReadModel) => named.find(({ members }) => members.includes(model))!.name;
  const firsts = groups.map(([first]) => first!);
  const fields = fieldDifferences(firsts, nameOf);
  const objections = objectionsOf(read, fields, (model) => model.name);

  const scored = ownModels(named);
  const references = referencesOf(read);
  const tasks = tasksOf(read, [...scored, ...references]);
  const ownNames = scored.map(({ model }) => model.name);
  const all = [...scored, ...references, ...publishedOf(published, tasks, ownNames)];
  const models = all.map(({ model }) => model).sort((one, other) => place(one) - place(other));
  const rows = all.flatMap((each) => each.rows);
  const against = baselineOf(models, ownNames, baseline);
  const tested = ownNames.filter((name) => name !== against);
  const isComparison = objections.length === 0;
  const lasting = [...tested, against].filter(
    (name) => models.find((model) => model.name === name)!.setting !== 'Published by others',
  );
  return {
    title: isComparison ? titleOf(ownNames) : 'Side by side, not a comparison',
    objections,
    notes: notesOf(read, published, models, rows),
    models,
    tasks,
    rows,
    averages: taskNames().flatMap((name) => averagesOf(namedTask(name), rows)),
    baseline: against,
    differences: isComparison
      ? differences(
          rows,
          tested.map((model) => ({ model, baseline: against })),
          onTest,
        )
      : [],
    fields,
    curves: [
      ...named.flatMap(({ name, members }) =>
        members.map((member) => ({ name: member.name, model: name, steps: stepsOf(member.log), isPublished: false })),
      ),
      ...published.flatMap(({ curves }) => curves.map((curve) => ({ ...curve, model: curve.name, isPublished: true }))),
    ].filter(({ steps }) => steps.length > 0),
    stability: isComparison
      ? stabilityOf(
          rows,
          models.map(({ name }) => name).filter((name) => lasting.includes(name)),
          tasks,
        )
      : null,
  };
}

function baselineOf(models: readonly ComparedModel[], scored: readonly string[], asked: string | undefined): string {
  const testable = models.filter(({ setting }) => setting !== 'Published by others').map(({ name }) => name);
  if (asked === undefined)
    return scored.length > 1 ? scored[0]! : (testable.find((name) => name !== scored[0]) ?? scored[0]!);
  const byRun = models.find(({ name, runs }) => name === asked || runs.includes(asked))?.name;
  if (byRun !== undefined && testable.includes(byRun)) return byRun;
  throw new UserError(`--baseline ${asked} is none of the models compared; ${suggest(asked, testable)}`);
}

function tasksOf(read: readonly ReadModel[], models: readonly WithRows[]): ComparedTask[] {
  const metrics = new Map<string, Set<string>>();
  for (const row of models.flatMap(({ rows }) => rows)) {
    const names = metrics.get(row.task) ?? new Set();
    for (const name of Object.keys(row.metrics)) names.add(name);
    metrics.set(row.task, names);
  }
  const summaries = read.flatMap(({ evaluated }) => evaluated.map(({ summary }) => summary));
  return [...metrics]
    .map(([name, names]) => {
      const identity = taskOf(summaries.find(({ task }) => task === name)!);
      return { name, identity, group: groupOf(identity), metrics: [...names] };
    })
    .sort((one, other) => taskGroups.indexOf(one.group) - taskGroups.indexOf(other.group));
}

/** Results that stand for less than they seem to. */
function notesOf(
  read: readonly ReadModel[],
  published: readonly Published[],
  models: readonly ComparedModel[],
  rows: readonly ComparedRow[],
): string[] {
  const scored = models.filter(({ setting }) => setting !== 'Published by others');
  const tasks = [...new Set(rows.map(({ task }) => task))];
  const partial = scored.flatMap(({ name, runs }) => {
    const missing = tasks.filter((task) => !rows.some((row) => row.model === name && row.task === task));
    return missing.length === 0 ? [] : [`${name} was not evaluated on ${missing.join(', ')}.${offer(runs, missing)}`];
  });
  const fewer = scored.flatMap(({ name, runs }) => {
    const short = rows.filter((row) => row.model === name && runs.length > 1 && row.runs !== runs.length);
    return short.map((row) => `${name} is ${row.runs} of its ${runs.length} seeds on ${row.task}; the others lack it.`);
  });
  const hashes = new Set(
    read.flatMap(({ evaluated }) =>
      evaluated.flatMap(({ of, summary }) => (of === 'run' ? (summary.contract ?? []) : [])),
    ),
  );
  const unknown = read.filter(
    ({ contract, evaluated }) => !contract && evaluated.some(({ summary }) => summary.contract),
  );
  const unsure =
    unknown.length > 0 && hashes.size > 1
      ? [
          `The contract of ${unknown.map(({ name }) => name).join(', ')} is known by its hash alone and is not the same for all: ` +
            'whether more than the base differs cannot be said.',
        ]
      : [];
  const unused = published
    .flatMap((each) => each.models)
    .filter(({ name }) => !models.some((model) => [name, `${name} (published)`].includes(model.name)))
    .map(({ name }) => name);
  const left = unused.length === 0 ? [] : [`Published, but on none of these tasks and metrics: ${unused.join(', ')}.`];
  const unread = published.flatMap(({ notes = [] }) => notes.map((note) => `Published: ${note}.`));
  return [...unsure, ...partial, ...fewer, ...left, ...unread];
}

/** How to score runs on the tasks that they lack; those of folders need the place too. */
function offer(runs: readonly string[], missing: readonly string[]): string {
  if (runs.length === 0) return '';
  const named = taskNames();
  const where = missing.every((task) => named.includes(task.split('/')[0]!)) ? '' : ' --tasks-dir DIR';
  const commands = runs.map((run) => `npm run eval -- --model run:${run} --tasks ${missing.join(',')}${where}`);
  return ` To score it there: ${commands.join('; ')}`;
}

const place = ({ setting }: ComparedModel) => settings.indexOf(setting);

const titleOf = (names: readonly string[]) =>
  names.length <= 2 ? names.join(' and ') : `${names.length} models compared`;
