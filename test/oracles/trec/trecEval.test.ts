import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Qrels } from '../../../data/task/readQrels.js';
import { scoreRun } from '../../../eval/measure/metrics.js';
import { inTrecOrder, type Ranking, type Run } from '../../../eval/measure/ranking.js';

const folder = join(process.env['ORACLES'] ?? '../shared/data', 'oracles/trec_eval');

/** What trec_eval calls the measures we have; `suffix` for its option -l. */
const ourName = (measure: string, deepest: number, suffix: string): string | undefined => {
  const [, kind, depth] = /^(ndcg_cut|map_cut|recall|P|success)_(\d+)$/.exec(measure) ?? [];
  if (kind === 'ndcg_cut') return `ndcg@${depth}`;
  if (kind !== undefined) return `${{ map_cut: 'map', P: 'precision' }[kind] ?? kind}@${depth}${suffix}`;
  if (measure === 'map' || measure === 'recip_rank') return `${measure === 'map' ? 'map' : 'mrr'}@${deepest}${suffix}`;
  if (measure === 'ndcg') return 'ndcg@100000'; // -M cuts the ranking, not the ideal
  if (measure === 'set_recall') return `recall@${deepest}${suffix}`;
  return undefined;
};

describe('trec_eval on its own test files', () => {
  before(function () {
    if (existsSync(folder)) return;
    console.log(`    skipped: ${folder} does not exist; name the folder two above it by ORACLES`);
    this.skip();
  });

  for (const { output, qrels, results, all = false, deepest = 1000, suffix = '', values } of [
    { output: 'out.test', qrels: 'qrels.test', results: 'results.test', values: 11 },
    { output: 'out.test', qrels: 'qrels.test.with-comments', results: 'results.test', values: 11 },
    { output: 'out.comment.test', qrels: 'qrels.comment.test', results: 'results.comment.test', values: 11 },
    { output: 'out.test.a', qrels: 'qrels.test', results: 'results.test', values: 43 },
    { output: 'out.test.aq', qrels: 'qrels.test', results: 'results.test', values: 172 },
    { output: 'out.test.aqc', qrels: 'qrels.test', results: 'results.trunc', all: true, values: 172 },
    { output: 'out.test.aqcM', qrels: 'qrels.test', results: 'results.trunc', all: true, deepest: 100, values: 172 },
    { output: 'out.test.aql', qrels: 'qrels.rel_level', results: 'results.test', suffix: '-l2', values: 172 },
    { output: 'out.test.meas_params', qrels: 'qrels.test', results: 'results.test', values: 44 },
  ])
    it(`printed the ${values} values that we compute for ${output} of ${qrels}`, async () => {
      const run = firstOf(readRun(join(folder, results)), deepest);
      const judged = readQrels(join(folder, qrels));
      // Without -c trec_eval leaves out the queries that the run lacks.
      const counted = all ? judged : new Map([...judged].filter(([query]) => run.get(query) !== undefined));
      let compared = 0;
      for (const [measure, query, value] of linesOf(output)) {
        const name = ourName(measure!, deepest, suffix);
        if (name === undefined) continue;
        const scores = scoreRun(run, counted, [name]);
        const ours = query === 'all' ? scores.mean[name]! : scores.perQuery.get(query!)![name]!;
        assert.equal(ours.toFixed(4), value, `${measure} of ${query}`);
        compared++;
      }
      assert.equal(compared, values);
    });
});

const firstOf = (run: Run, depth: number): Run =>
  new Map([...run].map(([query, ranking]) => [query, ranking.slice(0, depth)]));

function readRun(file: string): Run {
  const rankings = new Map<string, Ranking>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [query, , id, , score] = line.trim().split(/\s+/);
    if (!query || query.startsWith('#') || !id) continue;
    rankings.set(query, [...(rankings.get(query) ?? []), { id, score: Number(score) }]);
  }
  return new Map([...rankings].map(([query, ranking]) => [query, inTrecOrder(ranking)]));
}

const linesOf = (output: string) =>
  readFileSync(join(folder, output), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));

function readQrels(file: string): Qrels {
  const qrels: Qrels = new Map();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [query, , document, grade] = line.trim().split(/\s+/);
    if (!query || query.startsWith('#') || !document) continue;
    const judgements = qrels.get(query) ?? new Map<string, number>();
    qrels.set(query, judgements.set(document, Number(grade)));
  }
  return qrels;
}
