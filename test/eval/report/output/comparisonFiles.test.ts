import assert from 'node:assert/strict';
import type { Comparison } from '../../../../eval/report/comparison/comparison.js';
import { differencesCsv, resultsCsv, resultsLatex } from '../../../../eval/report/output/comparisonFiles.js';
import { comparisonTable } from '../../../../eval/report/output/comparisonTable.js';
import { mtebFiles } from '../../../../eval/report/output/mtebFiles.js';
import { identityOfName } from '../../../../eval/tasks/identity.js';

const row = (model: string, task: string, value: number) => ({
  model,
  task,
  metrics: { 'ndcg@10': value, 'recall@100': 0.9 },
  folders: [],
  queries: 300,
});
const model = (name: string, setting: 'Fine-tuned' | 'BM25' | 'Published by others') => ({
  name,
  setting,
  about: '',
  runs: [],
  contract: null,
  cost: {},
});

const comparison: Comparison = {
  title: 'a_1 and b',
  objections: [],
  notes: [],
  models: [
    model('a_1', 'Fine-tuned'),
    model('b', 'Fine-tuned'),
    model('BM25', 'BM25'),
    model('theirs', 'Published by others'),
  ],
  tasks: [
    { name: 'scifact', identity: identityOfName('scifact'), group: 'BEIR', metrics: ['ndcg@10', 'recall@100'] },
    { name: 'nq', identity: identityOfName('nq'), group: 'BEIR', metrics: ['ndcg@10', 'recall@100'] },
  ],
  rows: [
    { ...row('a_1', 'scifact', 0.5), spread: { 'ndcg@10': 0.0125 } },
    row('b', 'scifact', 0.625),
    row('BM25', 'scifact', 0.25),
    row('theirs', 'scifact', 0.75),
    row('a_1', 'nq', 0.25),
    row('b', 'nq', 0.125),
  ],
  averages: [],
  baseline: 'a_1',
  differences: [
    {
      model: 'b',
      baseline: 'a_1',
      task: 'scifact',
      metric: 'ndcg@10',
      queries: 300,
      difference: 0.125,
      low: 0.1,
      high: 0.15,
      p: 0.001,
      pHolm: 0.002,
      family: 'b - a_1',
      tests: 2,
      pT: null,
      effectSize: 0.5,
      detectable: 0.01,
      wins: 100,
      ties: 150,
      losses: 50,
    },
  ],
  fields: [],
  curves: [],
  stability: null,
};

describe('tables of a comparison', () => {
  it('on the screen: best among ours starred, what is beyond chance marked, a mean for each group', () => {
    assert.equal(
      comparisonTable(comparison),
      [
        'model                        scifact         nq    mean of 2',
        '                             ndcg@10    ndcg@10         BEIR',
        'a_1     fine-tuned            0.5000     0.2500*      0.3750*',
        'b       fine-tuned            0.6250*+   0.1250       0.3750*',
        'BM25    bm25                  0.2500          -            -',
        'theirs  published by others   0.7500          -            -',
        '* best; + better, - worse than a_1 beyond chance (p < 0.05, Holm), else no difference is shown',
        'tested on which tasks the two differ: one family of 2 tests',
      ].join('\n'),
    );
  });

  it('on the screen: which models may be the best, and the ranks of each', () => {
    const standing = (mean: number, lowRank: number, highRank: number, pBest: number | null) => ({
      ...{ mean, lowRank, highRank, pBest },
    });
    const stability = {
      models: ['a_1', 'b', 'BM25'],
      tasks: ['scifact', 'nq'],
      taus: [],
      ranks: { shares: [], meanRanks: [] },
      standings: [standing(0.3, 1, 2, 0.05), standing(0.4, 1, 2, null), standing(0.1, 3, 3, 0.049)],
    };
    assert.deepEqual(
      comparisonTable({ ...comparison, stability })
        .split('\n')
        .slice(-2),
      [
        'best by the mean over 2 tasks: b; not shown to be worse (p < 0.05 over all pairs): a_1',
        'ranks in 95 of 100 samples of queries: b 1-2, a_1 1-2, BM25 3',
      ],
    );
  });

  it('as CSV, one mean and one test a line', () => {
    const lines = resultsCsv(comparison).split('\n');
    assert.equal(lines[0], 'model,setting,task,metric,value,seed_deviation,queries,runs');
    assert.equal(lines[1], 'a_1,Fine-tuned,scifact,ndcg@10,0.5,0.0125,300,');
    assert.equal(lines[7], 'theirs,Published by others,scifact,ndcg@10,0.75,,300,');
    assert.equal(
      differencesCsv(comparison).split('\n')[1],
      'b,a_1,scifact,ndcg@10,300,0.125,0.1,0.15,0.001,0.002,b - a_1,2,,0.5,0.01,100,150,50',
    );
  });

  it('as LaTeX with booktabs: escaped, best in bold, daggers for what is beyond chance', () => {
    const lines = resultsLatex(comparison).split('\n');
    assert.ok(lines.includes('\\begin{tabular}{lrrr}'));
    assert.ok(lines.includes('a\\_1 & 50.00 & \\textbf{25.00} & \\textbf{37.50} \\\\'));
    assert.ok(lines.includes('b & \\textbf{62.50}$^\\dagger$ & 12.50 & \\textbf{37.50} \\\\'));
    assert.ok(lines.includes('theirs & 75.00 & -- & -- \\\\'));
    assert.deepEqual(
      ['\\toprule', '\\midrule', '\\bottomrule'].map((rule) => lines.filter((line) => line === rule).length),
      [1, 3, 1],
    );
  });
});

interface MtebFile {
  name: string;
  scores: Record<string, { main_score: number; hf_subset: string; languages: string[] }[]>;
}

describe('mtebFiles', () => {
  const files = (changed: Partial<Comparison> = {}) =>
    new Map(mtebFiles({ ...comparison, ...changed }).map(({ path, text }) => [path, JSON.parse(text) as MtebFile]));

  it("writes each task of ours under MTEB's name, and nothing that others published", () => {
    const found = files();
    assert.deepEqual(
      [...found.keys()],
      [
        'tercet__a_1/no_revision/SciFact.json',
        'tercet__a_1/no_revision/NQ.json',
        'tercet__a_1/no_revision/model_meta.json',
        'tercet__b/no_revision/SciFact.json',
        'tercet__b/no_revision/NQ.json',
        'tercet__b/no_revision/model_meta.json',
        'tercet__BM25/no_revision/SciFact.json',
        'tercet__BM25/no_revision/model_meta.json',
      ],
    );
    assert.deepEqual(found.get('tercet__b/no_revision/SciFact.json')!.scores, {
      test: [
        { hf_subset: 'default', languages: ['eng-Latn'], main_score: 0.625, ndcg_at_10: 0.625, recall_at_100: 0.9 },
      ],
    });
    assert.equal(found.get('tercet__b/no_revision/model_meta.json')!.name, 'tercet/b');
  });

  // Names that differ in dropped letters alone, or in case, had one folder: the second was written over the first.
  it('gives every model a folder of its own', () => {
    const names = ['a+b', 'a b', 'A-B', '模型', '样', '..', 'plain'];
    const found = files({
      models: names.map((name) => model(name, 'Fine-tuned')),
      rows: names.map((name, index) => row(name, 'nq', index / 10)),
    });
    const folders = [...found.keys()].filter((path) => path.endsWith('NQ.json')).map((path) => path.split('/')[0]!);
    assert.equal(new Set(folders.map((folder) => folder.toLowerCase())).size, names.length);
    assert.equal(folders.at(-1), 'tercet__plain');
    for (const folder of folders) assert.match(folder, /^tercet__[\w.-]+$/);
    const scores = [...found]
      .filter(([path]) => path.endsWith('NQ.json'))
      .map(([, file]) => file.scores['test']![0]!.main_score);
    assert.deepEqual(scores, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
  });

  it('puts languages of one task of MTEB into one file, and MS MARCO dev and TREC DL into splits', () => {
    const names = ['codesearchnet-titled/go', 'codesearchnet-titled/php', 'msmarco-dev', 'dl19', 'cosqa'];
    const found = files({
      models: [model('b', 'Fine-tuned')],
      tasks: names.map((name) => ({
        name,
        identity: identityOfName(name),
        group: 'Other tasks',
        metrics: ['ndcg@10'],
      })),
      rows: names.map((name) => row('b', name, 0.5)),
    });
    const subsets = found.get('tercet__b/no_revision/COIRCodeSearchNetRetrieval.json')!.scores['test']!;
    assert.deepEqual(
      subsets.map(({ hf_subset, languages }) => [hf_subset, languages]),
      [
        ['go', ['go-Code']],
        ['php', ['php-Code']],
      ],
    );
    assert.deepEqual(Object.keys(found.get('tercet__b/no_revision/MSMARCO.json')!.scores), ['dev', 'dl19']);
    // Without titles it is not MTEB's CosQA.
    assert.ok(found.has('tercet__b/no_revision/cosqa.json'));
  });
});
