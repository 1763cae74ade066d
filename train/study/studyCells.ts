import { basename, dirname, join, resolve } from 'node:path';
import { runFolder, runsRoot } from '../../checkpoints/run/folder.js';
import { loadConfig } from '../../configs/load/loadConfig.js';
import type { MadeBase, Study, StudySetting } from '../../configs/load/loadStudy.js';
import { resolveBase, type NamedBase } from '../../configs/load/resolveBase.js';
import type { RunConfig } from '../../configs/schema.js';
import { UserError } from '../../configs/userError.js';
import { bm25Retriever } from '../../eval/bm25/retriever.js';
import { evaluationsRoot, resultsFolder } from '../../eval/score/resultsFolder.js';
import type { Task } from '../../eval/tasks/task.js';
import { namedDuring } from '../during/duringTasks.js';
import { madeBase } from './madeBase.js';

/** One place of the study's matrix: a base in a setting, trained once for each seed. */
export interface StudyCell {
  /** For people, and the cell's name in the study's journal. */
  name: string;
  /** What a comparison calls the model: cells that differ in their seed alone share it. */
  label: string;
  kind: 'trained' | 'zero-shot' | 'bm25';
  base?: { text: string; named: NamedBase; made?: MadeBase };
  setting?: StudySetting;
  seed?: number;
  /** Name of its run. */
  run?: string;
  /** Where its results are, a folder for each task. */
  results: string;
  config?: RunConfig;
  /** What the cell is, complete: a cell that was made from something else is another one. */
  asked: Record<string, unknown>;
}

/**
 * The cells of a study in the order in which they are worked through: BM25, then what needs no training, then each seed.
 * @param set  overrides of training settings, beside the study's own
 * @throws UserError for a base, recipe or setting that does not exist
 */
export function studyCells(study: Study, set: readonly string[] = []): StudyCell[] {
  const zeroShot = study.settings.filter(({ trained }) => !trained);
  const trained = study.settings.filter((setting) => setting.trained);
  const cells = [
    ...(study.bm25 ? [bm25Cell()] : []),
    ...zeroShot.flatMap((setting) => basesOf(study, setting).map((base) => zeroShotCell(study, setting, base))),
    ...study.seeds.flatMap((seed) =>
      trained.flatMap((setting) =>
        basesOf(study, setting).map((base) => trainedCell(study, setting, base, seed, [...study.set, ...set])),
      ),
    ),
  ];
  requireOwnPlaces(cells);
  return cells;
}

/** Two cells in one folder could never both be finished. */
function requireOwnPlaces(cells: readonly StudyCell[]): void {
  for (const [index, { name, results }] of cells.entries()) {
    const other = cells.slice(0, index).find((cell) => cell.results === results);
    if (other)
      throw new UserError(
        `cells ${other.name} and ${name} would both be kept in ${results}; give a setting or a base another name`,
      );
  }
}

function bm25Cell(): StudyCell {
  const retriever = bm25Retriever();
  const results = resultsFolder('bm25', retriever);
  return { name: 'BM25', label: 'BM25', kind: 'bm25', results, asked: { retriever: retriever.identity } };
}

type CellBase = NonNullable<StudyCell['base']>;

function zeroShotCell(study: Study, setting: StudySetting, base: CellBase): StudyCell {
  const label = labelOf(study, setting, base);
  const { config } = loadConfig(setting.recipe);
  return {
    ...{ name: label, label, kind: 'zero-shot', base, setting, config },
    results: join(evaluationsRoot, `${study.name}-${base.named.name}-${setting.name}`),
    asked: { base: placeOf(base), recipe: setting.recipe, contract: config.contract },
  };
}

function trainedCell(
  study: Study,
  setting: StudySetting,
  base: CellBase,
  seed: number,
  set: readonly string[],
): StudyCell {
  const label = labelOf(study, setting, base);
  const { config } = loadConfig(setting.recipe, trainingOverrides(set, seed));
  const several = study.settings.filter(({ trained, bases }) => trained && (bases ?? study.bases).includes(base.text));
  const parts = [study.name, base.named.name, ...(several.length > 1 ? [setting.name] : []), seed];
  const run = parts.join('-');
  const data = typeof study.data === 'string' ? study.data : study.data!.map((file) => resolve(file));
  return {
    ...{ name: `${label} ${seed}`, label, kind: 'trained', base, setting, seed, run, config },
    results: join(runFolder(runsRoot, run).folder, 'eval'),
    asked: { base: placeOf(base), recipe: setting.recipe, data, settings: withoutDatasets(config) },
  };
}

/** Scores are a step of their own, so that one that failed, or another task, needs no training again. */
export const trainingOverrides = (set: readonly string[], seed: number) => [
  ...set,
  `seed=${seed}`,
  'evaluation.tasks=[]',
];

/** The tasks that a cell is scored on while it is trained. @throws UserError where one is not found */
export const scoredWhileTrained = ({ kind, config }: StudyCell): Task[] =>
  kind === 'trained' && config ? namedDuring(config) : [];

/** A study names its own data. */
function withoutDatasets({ training: { datasets: _, ...training }, ...rest }: RunConfig) {
  return { ...rest, training };
}

function basesOf(study: Study, { bases }: StudySetting): CellBase[] {
  const all = namedApart(
    study.bases.map((text) => {
      const made = study.made.find(({ name }) => name === text);
      return made ? { text, named: madeBase(made), made } : { text, named: resolveBase(text) };
    }),
  );
  return all.filter(({ text }) => bases === undefined || bases.includes(text));
}

/** Bases of one last name are called by more: folders by the one they lie in, models of the hub by their revision. */
function namedApart(bases: CellBase[]): CellBase[] {
  const keys = bases.map(placeKey);
  const twice = keys.findIndex((key, index) => keys.indexOf(key) < index);
  if (twice !== -1)
    throw new UserError(
      `bases ${bases[keys.indexOf(keys[twice]!)]!.text} and ${bases[twice]!.text} of the study are one; leave one out`,
    );
  return bases.map((base) => {
    const namesakes = bases.filter(({ named }) => named.name === base.named.name);
    return namesakes.length === 1 || base.made || base.named.name === base.text ? base : longerNamed(base);
  });
}

const placeKey = ({ named: { source } }: CellBase) =>
  JSON.stringify('folder' in source ? resolve(source.folder) : [source.id, source.revision]);

function longerNamed(base: CellBase): CellBase {
  const { name, source } = base.named;
  const longer =
    'folder' in source
      ? `${basename(dirname(resolve(source.folder)))}-${name}`
      : `${name}-${source.revision.slice(0, 12)}`;
  return { ...base, named: { ...base.named, name: longer.replace(/[^A-Za-z0-9._-]+/g, '-') } };
}

const labelOf = ({ settings }: Study, setting: StudySetting, { named }: CellBase) =>
  settings.length === 1 ? named.name : `${named.name} ${setting.name}`;

const placeOf = ({ named, made }: CellBase): unknown => made ?? named.source;
