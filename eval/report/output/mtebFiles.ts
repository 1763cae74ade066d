import { createHash } from 'node:crypto';
import { rowOf, type ComparedModel, type Comparison } from '../comparison/comparison.js';
import type { ComparedTask } from '../comparison/comparison.js';
import { isSameTask, publicTaskOf } from '../../tasks/identity.js';
import { isOfCoir } from '../../tasks/publicTasks.js';

/** A file to write: its path inside the folder of MTEB results, and its text. */
export interface MtebFile {
  path: string;
  text: string;
}

/**
 * Results as files of MTEB: `tercet__<model>/<revision>/<Task>.json` and a model_meta.json for each model that was
 * evaluated here. Tasks that MTEB does not know keep their own names.
 * Source: TaskResult and ModelMeta of mteb 2.
 */
export function mtebFiles(comparison: Comparison): MtebFile[] {
  const models = comparison.models.filter(({ setting }) => setting !== 'Published by others');
  return models.flatMap((model) => {
    const name = folderNameOf(model, models);
    const folder = `tercet__${name}/${revision}`;
    const tasks = new Map<string, ComparedTask[]>();
    for (const task of comparison.tasks) {
      if (!rowOf(comparison, model.name, task.name)) continue;
      const mteb = mtebNameOf(task, comparison.tasks);
      tasks.set(mteb, [...(tasks.get(mteb) ?? []), task]);
    }
    return [
      ...[...tasks].map(([mteb, parts]) => ({
        path: `${folder}/${mteb}.json`,
        text: json(taskResult(comparison, model, mteb, parts)),
      })),
      { path: `${folder}/model_meta.json`, text: json(modelMeta(`tercet/${name}`)) },
    ];
  });
}

/** What is no letter or digit is dropped; names that are then the same, also without regard to case, get a hash of the whole. */
function folderNameOf({ name }: ComparedModel, all: readonly ComparedModel[]): string {
  const bare = (text: string) => text.replace(/[^\w.-]+/g, '-').replace(/^[-.]+|-+$/g, '');
  const letters = bare(name);
  const isAlone = all.filter((other) => bare(other.name).toLowerCase() === letters.toLowerCase()).length === 1;
  return isAlone && letters !== ''
    ? letters
    : `${letters}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}

/** Runs have no revision: each is trained once. */
const revision = 'no_revision';

/** MTEB searches titles: without them a task of CoIR is another one. A file name can hold no slash. */
function mtebNameOf({ name, identity }: ComparedTask, all: readonly ComparedTask[]): string {
  const known = publicTaskOf(identity);
  // Several folders may be called what one public task is.
  const isOne = all.filter((task) => isSameTask(task.identity, identity)).length === 1;
  return known && isOne && !(isOfCoir(known) && identity.titles === 'ignore') ? known.mteb : name.replaceAll('/', '-');
}

function taskResult(comparison: Comparison, model: ComparedModel, mteb: string, tasks: readonly ComparedTask[]) {
  const splits = new Map<string, object[]>();
  for (const { name, identity } of tasks) {
    const known = publicTaskOf(identity);
    const { metrics } = rowOf(comparison, model.name, name)!;
    const scores = Object.entries(metrics).flatMap(([metric, value]) => {
      const [, kind, depth] = /^([a-z]+)@(\d+)$/.exec(metric) ?? [];
      return kind === undefined ? [] : [[`${kind}_at_${depth}`, Number(value.toFixed(6))] as const];
    });
    const main = metrics['ndcg@10'] ?? Object.values(metrics)[0]!;
    const { split } = identity;
    splits.set(split, [
      ...(splits.get(split) ?? []),
      {
        hf_subset: known?.subset ?? 'default',
        languages: known?.languages ?? ['eng-Latn'],
        main_score: Number(main.toFixed(6)),
        ...Object.fromEntries(scores),
      },
    ]);
  }
  return {
    dataset_revision: 'unknown',
    task_name: mteb,
    mteb_version: null,
    scores: Object.fromEntries(splits),
    evaluation_time: null,
    kg_co2_emissions: null,
  };
}

const modelMeta = (name: string) => ({
  loader: null,
  name,
  revision,
  release_date: null,
  languages: null,
  n_parameters: null,
  memory_usage_mb: null,
  max_tokens: null,
  embed_dim: null,
  license: null,
  open_weights: null,
  public_training_code: null,
  public_training_data: null,
  framework: [],
  reference: null,
  similarity_fn_name: 'cosine',
  use_instructions: null,
  training_datasets: null,
  adapted_from: null,
  superseded_by: null,
});

const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
