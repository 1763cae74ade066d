import { seededRandom } from '../../data/random.js';
import { differences } from '../../eval/statistics/differences.js';
import { chooseQueries } from '../../eval/report/comparison/queries/chooseQueries.js';
import {
  rowOf,
  type ComparedModel,
  type ComparedRow,
  type Comparison,
} from '../../eval/report/comparison/comparison.js';
import { groupOf } from '../../eval/report/comparison/taskGroups.js';
import { identityOfName } from '../../eval/tasks/identity.js';
import type { QueryView } from '../../eval/report/comparison/queries/queryView.js';
import { stabilityOf } from '../../eval/report/comparison/stabilityOf.js';
import { contract } from '../checkpoints/examples.js';

const bases = ['base', 'instruct', 'coder', 'coder-instruct', 'math', 'math-instruct', 'r1', 'vl'];
const forums = ['android', 'english', 'gaming', 'gis', 'mathematica', 'physics', 'programmers', 'stats', 'tex', 'unix'];
const taskNames = [
  ...['msmarco-dev', 'dl19', 'dl20'],
  ...['trec-covid', 'nfcorpus', 'nq', 'hotpotqa', 'fiqa', 'arguana', 'quora', 'scidocs', 'fever', 'scifact'],
  ...forums.map((forum) => `cqadupstack/${forum}`),
  ...['apps', 'cosqa', 'synthetic-text2sql', 'codetrans-dl', 'stackoverflow-qa', 'codefeedback-st', 'codefeedback-mt'],
];

/** A comparison of eight models and BM25 on thirty tasks, of seeded noise about the models' means. */
export function exampleComparison(models = 8, tasks = 30, queries = 120): Comparison {
  const random = seededRandom('example comparison');
  const normal = () => random() + random() + random() - 1.5;
  const names = bases.slice(0, models).map((base) => `qwen-${base}`);
  const chosen = taskNames.slice(0, tasks);
  const rows: ComparedRow[] = chosen.flatMap((task) => {
    const hardness = Array.from({ length: queries }, () => 0.45 + 0.5 * normal());
    return [...names, 'BM25'].map((model, index): ComparedRow => {
      const shift = model === 'BM25' ? -0.1 : 0.02 * ((index * 5 + task.length) % 4) - 0.03;
      const perQuery = new Map(
        hardness.map((hard, query) => {
          const value = Math.min(1, Math.max(0, Math.round((hard + shift + 0.25 * normal()) * 8) / 8));
          return [`${task}-${query}`, { 'ndcg@10': value, 'recall@100': Math.min(1, value + 0.1) }];
        }),
      );
      const mean = (metric: 'ndcg@10' | 'recall@100') =>
        [...perQuery.values()].reduce((sum, scores) => sum + scores[metric], 0) / queries;
      const metrics = { 'ndcg@10': mean('ndcg@10'), 'recall@100': mean('recall@100') };
      const spread = index === 0 ? { spread: { 'ndcg@10': 0.0021, 'recall@100': 0.0012 } } : {};
      return { task, model, metrics, perQuery, folders: ['somewhere'], queries, ...spread };
    });
  });
  const compared: ComparedModel[] = [
    ...names.map((name, position): ComparedModel => ({
      name,
      setting: 'Fine-tuned',
      about: `${name}, recipe study, 3,836 updates, seed 42`,
      runs: [name],
      contract,
      cost: {
        trainingSeconds: 67_000 + 4000 * ((position * 3) % 5),
        tokensPerSecond: 14_000 - 300 * position,
        peakMegabytes: 61_000,
        textsPerSecond: 900,
      },
    })),
    { name: 'BM25', setting: 'BM25', about: 'k1 0.9, b 0.4', runs: [], contract: null, cost: {} },
    {
      name: 'qwen-base (study)',
      setting: 'Published by others',
      about: 'logs of the study',
      runs: [],
      contract: null,
      cost: {},
    },
  ];
  rows.push({ task: chosen[0]!, model: 'qwen-base (study)', metrics: { 'ndcg@10': 0.49136 }, folders: [], queries: 0 });
  const known = chosen.map((name) => {
    const identity = identityOfName(name);
    return { name, identity, group: groupOf(identity), metrics: ['ndcg@10', 'recall@100'] };
  });
  const curve = (name: string, place: number) => ({
    name,
    model: name,
    isPublished: false,
    steps: Array.from({ length: 380 }, (_, step) => ({
      step: 10 * step + 10,
      loss: 0.8 + 0.02 * place + 6 / (1 + 0.5 * step) + 0.08 * normal(),
      gradNorm: 1.2 + 0.3 * normal() + 5 / (1 + step),
      learningRate: 1e-4 * (step < 10 ? Math.log(10 * step + 10) / Math.log(100) : (380 - step) / 370),
    })),
  });
  return {
    title: `${models} models compared`,
    objections: [],
    notes: [],
    models: compared,
    tasks: known,
    rows,
    baseline: names[0]!,
    differences: differences(
      rows,
      names.slice(1).map((model) => ({ model, baseline: names[0]! })),
    ),
    fields: [
      { field: 'base', values: Object.fromEntries(names.map((name) => [name, name])), isOfBase: true },
      {
        field: 'contract.eosId',
        values: Object.fromEntries(names.map((name, place) => [name, place % 2 ? '151645' : '151643'])),
        isOfBase: true,
      },
    ],
    averages: [],
    curves: names.map(curve),
    stability: stabilityOf(rows, names, known),
  };
}

/** Queries of the example with made-up texts. */
export function exampleQueries(comparison: Comparison): QueryView {
  const models = comparison.models.filter(({ setting }) => setting !== 'Published by others').map(({ name }) => name);
  const words = 'how does the gradient of a cached pool reach every adapter when chunks are embedded twice'.split(' ');
  const random = seededRandom('example queries');
  const say = (count: number) =>
    Array.from({ length: count }, () => words[Math.floor(random() * words.length)]).join(' ');
  const view: QueryView = { models, tasks: [], texts: [], images: [], queries: [] };
  for (const [index, { name, metrics }] of comparison.tasks.entries()) {
    const own = models.map((model) => rowOf(comparison, model, name)!.perQuery!);
    const all = [...own[0]!.keys()].map((id) => ({
      id,
      scores: own.map((perQuery) => perQuery.get(id)![metrics[0]!]!),
    }));
    const { queries, perPair } = chooseQueries(all, models.length, Math.floor(1600 / comparison.tasks.length), 50);
    view.tasks.push({ name, metric: metrics[0]!, queries: all.length, perPair });
    const begin = view.texts.length;
    for (let text = 0; text < 60; text++) view.texts.push([text % 3 ? '' : say(3), say(40)]);
    const pick = (): [number, number] => [begin + Math.floor(random() * 60), random() < 0.2 ? 1 : 0];
    for (const query of queries)
      view.queries.push({
        task: index,
        ...query,
        text: `${say(7)}?`,
        tops: models.map(() => [pick(), pick(), pick()]),
        relevant: [[begin, 1]],
      });
  }
  return view;
}
