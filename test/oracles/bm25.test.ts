import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readBeir, type BeirTask } from '../../data/beir.js';
import { bm25Retriever } from '../../eval/bm25.js';
import { scoreRun, withoutIdenticalIds } from '../../eval/metrics.js';
import type { Run } from '../../eval/ranking.js';

const folder = join(process.env['ORACLES'] ?? '../shared/data', 'beir');

describe('BM25 on BEIR', () => {
  before(function () {
    if (existsSync(folder)) return;
    console.log(`    skipped: ${folder} does not exist; name the folder above it by ORACLES`);
    this.skip();
  });

  // Anserini regressions beir-v1.0.0-{scifact,nfcorpus}.flat: k1 0.9, b 0.4, 1000 hits, trec_eval -c.
  for (const [name, ndcg, recall] of [
    ['scifact', 0.6789, 0.9253],
    ['nfcorpus', 0.3218, 0.2457],
  ] as const) {
    it(`gives Anserini's figures on ${name}`, async () => {
      const task = await readBeir(join(folder, name), 'test');
      const run = await bm25Retriever().retrieve(task, 1000);
      const own = means(run, task);
      assert.ok(Math.abs(own.ndcg - ndcg) < 0.002, `nDCG@10 is ${own.ndcg}`);
      assert.ok(Math.abs(own.recall - recall) < 0.0005, `recall@100 is ${own.recall}`);
      // Anserini puts the lower id first among equal scores; with that, every digit it prints is met.
      const printed = means(lowerIdFirst(run), task);
      assert.deepEqual([printed.ndcg.toFixed(4), printed.recall.toFixed(4)], [ndcg.toFixed(4), recall.toFixed(4)]);
    });
  }
});

function means(run: Run, { qrels }: BeirTask): { ndcg: number; recall: number } {
  const { mean } = scoreRun(withoutIdenticalIds(run, qrels), qrels, ['ndcg@10', 'recall@100']);
  return { ndcg: mean['ndcg@10']!, recall: mean['recall@100']! };
}

/** The run with ties turned round, and scores that keep that order. */
const lowerIdFirst = (run: Run): Run =>
  new Map(
    [...run].map(([query, ranking]) => [
      query,
      [...ranking]
        .sort((one, two) => two.score - one.score || (one.id < two.id ? -1 : 1))
        .map(({ id }, place) => ({ id, score: -place })),
    ]),
  );
