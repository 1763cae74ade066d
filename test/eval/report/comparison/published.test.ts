import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { publishedMetrics, readPublished } from '../../../../eval/report/comparison/published.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';
import { identityOfName } from '../../../../eval/tasks/identity.js';

describe('readPublished', () => {
  const place = useTemporaryFolder();
  const write = async (name: string, text: string) => {
    await writeFile(place(name), text);
    return place(name);
  };
  const refused = (name: string, message: RegExp) =>
    assert.rejects(readPublished(name), { name: 'UserError', message });

  it("has the study's supervised figures by name, on our tasks", async () => {
    const { models } = await readPublished('study');
    assert.equal(models.length, 7);
    const [base] = models;
    assert.deepEqual(publishedMetrics(base!, identityOfName('msmarco-dev')), {
      'mrr@10': 0.4228,
      'ndcg@10': 0.49136,
      'recall@100': 0.94507,
      'recall@1000': 0.99463,
    });
    assert.deepEqual(publishedMetrics(base!, identityOfName('dl19')), { 'ndcg@10': 0.7337 });
    assert.equal(publishedMetrics(base!, identityOfName('scifact')), undefined);
    assert.match(base!.about, /Qwen2.5-7B, one run; A Comparative Study/);
    await refused('studdy', /did you mean study\?$/);
  });

  it("takes a regression of Anserini's, one column of values a set of topics", async () => {
    const file = await write(
      'regression.yaml',
      'corpus: beir-v1.0.0-scifact.flat\nindex_threads: 1\ntopics:\n  - name: SciFact\n    id: test\n' +
        'models:\n  - name: bm25\n    display: BM25\n    results:\n      nDCG@10:\n        - 0.6789\n      R@100:\n        - 0.9253\n',
    );
    const { models } = await readPublished(file);
    assert.deepEqual(
      models.map((model) => [model.name, publishedMetrics(model, identityOfName('scifact'))]),
      [['BM25 (Anserini)', { 'ndcg@10': 0.6789, 'recall@100': 0.9253 }]],
    );
  });

  it('takes MTEB result files, several models in one folder, under our names of their tasks', async () => {
    const folder = place('results/org__one/abc');
    await mkdir(folder, { recursive: true });
    const scores = { test: [{ hf_subset: 'default', ndcg_at_10: 0.5, mrr_at_10: 0.25, main_score: 0.5, nauc_x: 1 }] };
    const result = (task_name: string, changed: object = {}) =>
      JSON.stringify({ task_name, scores: { ...scores, ...changed } });
    await writeFile(`${folder}/FiQA2018.json`, result('FiQA2018').replace('1}', 'NaN}'));
    await writeFile(`${folder}/CosQA.json`, result('CosQA'));
    const dev = { dev: [{ hf_subset: 'default', mrr_at_10: 0.33, ndcg_at_10: 0.4 }] };
    await writeFile(`${folder}/MSMARCO.json`, result('MSMARCO', dev));
    const languages = {
      test: [
        { hf_subset: 'go', ndcg_at_10: 0.1 },
        { hf_subset: 'php', ndcg_at_10: 0.2 },
      ],
    };
    await writeFile(`${folder}/CSN.json`, result('COIRCodeSearchNetRetrieval', languages));
    await writeFile(`${folder}/model_meta.json`, '{"name":"org/one","n_parameters":NaN}');
    const [model, ...others] = (await readPublished(place('results'))).models;
    assert.deepEqual([model!.name, others.length], ['org/one', 0]);
    assert.deepEqual(publishedMetrics(model!, identityOfName('fiqa')), { 'ndcg@10': 0.5, 'mrr@10': 0.25 });
    assert.deepEqual(publishedMetrics(model!, identityOfName('msmarco-dev')), { 'mrr@10': 0.33, 'ndcg@10': 0.4 });
    // Its split test holds the 43 queries of TREC DL 2019, which were taken for the 6,980 of dev.
    assert.deepEqual(publishedMetrics(model!, identityOfName('dl19')), { 'ndcg@10': 0.5, 'mrr@10': 0.25 });
    // MTEB searches titles, CoIR's own harness does not.
    assert.equal(publishedMetrics(model!, identityOfName('cosqa')), undefined);
    assert.deepEqual(publishedMetrics(model!, identityOfName('cosqa-titled')), { 'ndcg@10': 0.5, 'mrr@10': 0.25 });
    assert.deepEqual(publishedMetrics(model!, identityOfName('codesearchnet-titled/php')), { 'ndcg@10': 0.2 });
  });

  // One file of thousands that was cut short ended the comparison in a stack.
  it('names a file of MTEB that is cut short, and shows the others', async () => {
    const folder = place('cut/org__one/abc');
    await mkdir(folder, { recursive: true });
    const scores = { test: [{ hf_subset: 'default', ndcg_at_10: 0.5 }] };
    await writeFile(`${folder}/FiQA2018.json`, JSON.stringify({ task_name: 'FiQA2018', scores }));
    await writeFile(`${folder}/NQ.json`, '{"task_name":"NQ","sco');
    await writeFile(`${folder}/model_meta.json`, '{"name":"org');
    const { models, notes } = await readPublished(place('cut'));
    assert.deepEqual([models.length, models[0]!.name, models[0]!.results.length], [1, 'org/one', 1]);
    assert.match(notes![0]!, /NQ\.json is no JSON, perhaps cut short, and left out$/);
  });

  it('takes tables of results and of training curves', async () => {
    const results = await write('r.csv', 'model,task,metric,value\n"a, b",nq,ndcg@10,0.25\n"a, b",nq,mrr@10,0.5\n');
    const { models } = await readPublished(results);
    assert.deepEqual(
      [models[0]!.name, publishedMetrics(models[0]!, identityOfName('nq'))],
      ['a, b', { 'ndcg@10': 0.25, 'mrr@10': 0.5 }],
    );
    const curves = await write('c.csv', 'base,step,loss,grad_norm,learning_rate\nx,10,6.5,2,0.001\nx,20,3,,0.002\n');
    assert.deepEqual((await readPublished(curves)).curves, [
      {
        name: 'x',
        steps: [
          { step: 10, loss: 6.5, learningRate: 0.001, gradNorm: 2 },
          { step: 20, loss: 3, learningRate: 0.002 },
        ],
      },
    ]);
  });

  it('refuses in one line what it cannot use', async () => {
    await refused(
      await write('x.csv', 'a,b\n1,2\n'),
      /x\.csv must have columns model, task, metric, value, or .* it has a, b$/,
    );
    await refused(
      await write('y.csv', 'model,task,metric,value\na,nq,mrr@10,37.2\n'),
      /y\.csv:2: value must be .* 0 to 1; got 37.2$/,
    );
    await refused(
      await write('w.csv', 'model,task,metric,value\n,nq,mrr@10,0.5\n'),
      /w\.csv:2: model must not be empty$/,
    );
    await refused(
      await write('z.yaml', 'title: t\nsource: s\nmodels: { a: { results: { nq: { m: 3 } } } }\n'),
      /models\.a\.results\.nq\.m/,
    );
    await mkdir(place('empty'));
    await refused(place('empty'), /holds no MTEB result files/);
    await refused(await write('t.txt', ''), /must be a \.yaml or \.csv file, or a folder of MTEB results$/);
  });
});
