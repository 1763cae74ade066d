import assert from 'node:assert/strict';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { reportSummary, writeReport, type ReportSummary } from '../../../../eval/report/run/report.js';
import type { ReportData, ResultRow } from '../../../../eval/score/reportData.js';
import { reportPage } from '../../../../eval/report/run/reportPage.js';
import { resultTable } from '../../../../eval/report/run/resultTable.js';
import { contract } from '../../../checkpoints/examples.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

const row = (model: string, first: number, values?: number[]): ResultRow => ({
  task: 'fiqa',
  model,
  metrics: { 'ndcg@10': first, 'recall@100': 1 - first },
  ...(values && { perQuery: new Map(values.map((value, index) => [`q${index}`, { 'ndcg@10': value }])) }),
});

const data: ReportData = {
  title: 'run <one> & "two"',
  facts: [['Base', "qwen's <b>base</b>"]],
  steps: [
    { step: 1, loss: 6.5, learningRate: 1e-5 },
    { step: 2, loss: 3.25, learningRate: 1e-4 },
  ],
  results: [row('base', 0.25, [0, 0, 0.75]), row('tuned', 0.75, [0.5, 1, 0.75]), row('BM25', 0.5)],
  contract,
};

describe('reportPage', () => {
  const page = reportPage(data);

  it('escapes all that it is told', () => {
    assert.ok(page.includes('<h1>run &lt;one&gt; &amp; &quot;two&quot;</h1>'));
    assert.ok(page.includes('<dd>qwen&#39;s &lt;b&gt;base&lt;/b&gt;</dd>'));
    const hostile = reportPage({ ...data, results: [{ ...row('<script>', 0.5), task: '"><script>' }] });
    assert.ok(!hostile.includes('<script'));
  });

  it('needs no network and no script', () => {
    const addresses = [...page.matchAll(/https?:[^"\s]*/g)].map(([address]) => address);
    assert.deepEqual(new Set(addresses), new Set(['http://www.w3.org/2000/svg']));
    assert.doesNotMatch(page, /<script|<link|<img|@import|url\((?!#)/);
  });

  it('marks the best of each task and metric, and no single model', () => {
    assert.deepEqual(
      [...page.matchAll(/<strong>(0\.\d+)<\/strong>/g)].map(([, value]) => value),
      ['0.7500', '0.7500'],
    );
    assert.doesNotMatch(reportPage({ ...data, results: [row('base', 0.25)] }), /<strong>0/);
  });

  it('states the test of tuned against base', () => {
    // Differences 0.5, 1, 0: mean 0.5; of the 4 sums ±0.5 ±1, two are as far from 0 as 1.5.
    const cells = [...page.matchAll(/<td class="number[^"]*">\s*([^<]*?)\s*<\/td>/g)].map(([, text]) => text);
    // Their standard deviation is 0.5, so d is 1 and t is sqrt(3): p = 1 - sqrt(3 / 5).
    const tested = ['+0.5000', '+0.0000 to +1.0000', '0.5000', '0.5000', '0.2254', '1.00', '–', '2 / 1 / 0'];
    assert.deepEqual(cells.slice(-8), tested);
  });

  it('draws the scores while training, with what they are of', () => {
    const scoredOn = 'fiqa sample 0a1b2c3d (50 queries, 900 documents)';
    const points: [number, number][] = [
      [10, 0.25],
      [20, 0.5],
    ];
    const withScores = { ...data, scores: [{ scoredOn, metric: 'ndcg@10', points }] };
    const told = 'ndcg@10 while training on fiqa sample 0a1b2c3d (50 queries, 900 documents)';
    assert.ok(reportPage(withScores).includes(`<figcaption>${told}</figcaption>`));
    assert.match(reportPage(withScores), /by update: 0\.25 after 10, 0\.5 after 20/);
    assert.deepEqual(reportSummary(withScores).scores, withScores.scores);
    assert.ok(!page.includes('while training'));
  });

  it('draws a bar for each model and a curve each for loss and rate, told to those who cannot see them', () => {
    const labels = [...page.matchAll(/role="img" aria-label="([^"]*)"/g)].map(([, label]) => label);
    assert.deepEqual(labels, [
      'ndcg@10 on fiqa: base 0.2500, tuned 0.7500, BM25 0.5000',
      'Loss, nats by update: tuned from 6.5 to 3.25',
      'Learning rate by update: tuned from 0.00001 to 0.0001',
    ]);
    for (const place of [0, 1, 2]) assert.ok(page.includes(`fill="var(--series-${place})"`), `bar ${place}`);
    assert.ok(!page.includes('#01fe'), 'a stand-in colour is left');
  });

  it('is the same page each time', () => assert.equal(reportPage(data), page));

  it('leaves out what there is nothing to say about', () => {
    const empty = reportPage({ title: 't', facts: [], steps: [], results: [], contract: null });
    assert.ok(empty.includes('No task was evaluated.'));
    assert.doesNotMatch(empty, /<svg|Contract|Training/);
  });
});

describe('reportSummary and writeReport', () => {
  const place = useTemporaryFolder();

  it('give the numbers without the values of single queries', async () => {
    await writeReport({ html: place('report.html'), json: place('report.json') }, data);
    const written = JSON.parse(await readFile(place('report.json'), 'utf8')) as ReportSummary;
    assert.deepEqual(written, reportSummary(data));
    assert.deepEqual(written.results[0], {
      task: 'fiqa',
      model: 'base',
      metrics: { 'ndcg@10': 0.25, 'recall@100': 0.75 },
    });
    assert.deepEqual([written.differences.length, written.differences[0]!.difference], [1, 0.5]);
    assert.equal(await readFile(place('report.html'), 'utf8'), reportPage(data));
    assert.deepEqual((await readdir(place())).sort(), ['report.html', 'report.json']);
  });
});

describe('writeReport', () => {
  const place = useTemporaryFolder();

  it('leaves no page staged when its numbers cannot be written', async () => {
    await mkdir(place('report.json'));
    const files = { html: place('report.html'), json: place('report.json') };
    await assert.rejects(writeReport(files, data), /cannot write .*report\.json: it is a folder/);
    assert.deepEqual(await readdir(place()), ['report.json']);
  });
});

describe('resultTable', () => {
  // BM25 had a score of 0 on pages, as if it had looked for something there.
  it('says why a model has no score, on screen and page, and draws no bar for it', () => {
    const none: ResultRow = { task: 'fiqa', model: 'BM25', metrics: {}, note: 'no text' };
    const results = [row('base', 0.25), none];
    assert.match(resultTable({ results }), /^fiqa +BM25 +no text +no text$/m);
    assert.match(resultTable({ results: [none] }), /^fiqa +BM25 +no text$/m);
    const page = reportPage({ ...data, results });
    assert.equal(page.match(/<td class="number">no text<\/td>/g)!.length, 2);
    assert.ok(page.includes('ndcg@10 on fiqa: base 0.2500"'), 'bars of what was scored alone');
    assert.deepEqual(reportSummary({ ...data, results }).results[1]!.note, 'no text');
  });

  it('aligns models, stars the best and states the tests', () => {
    assert.equal(
      resultTable(data),
      [
        'task  model  ndcg@10   recall@100',
        'fiqa  base    0.2500       0.7500*',
        'fiqa  tuned   0.7500*      0.2500',
        'fiqa  BM25    0.5000       0.5000',
        '',
        'task  compared      metric   difference       95 % interval       p  p (Holm)  better/same/worse',
        'fiqa  tuned - base  ndcg@10     +0.5000  [+0.0000, +1.0000]  0.5000    0.5000              2/1/0',
      ].join('\n'),
    );
  });

  it('keeps the rows of a task together', () => {
    const other = { ...row('base', 0.5), task: 'scidocs' };
    const lines = resultTable({ results: [row('base', 0.25), other, row('tuned', 0.75)] }).split('\n');
    assert.deepEqual(
      lines.slice(1).map((line) => line.split(/ +/).slice(0, 2).join(' ')),
      ['fiqa base', 'fiqa tuned', 'scidocs base'],
    );
  });
});
