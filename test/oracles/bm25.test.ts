import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTask } from '../../data/task/readTask.js';
import { bm25Retriever } from '../../eval/bm25/retriever.js';
import { scoreRun, withoutIdenticalIds } from '../../eval/measure/metrics.js';
import { useTemporaryFolder } from '../checkpoints/useTemporaryFolder.js';

const folder = join(process.env['ORACLES'] ?? '../shared/data', 'beir');

describe('BM25 on BEIR', () => {
  const place = useTemporaryFolder();
  before(function () {
    if (existsSync(folder)) return;
    console.log(`    skipped: ${folder} does not exist; name the folder above it by ORACLES`);
    this.skip();
  });

  // Anserini regressions beir-v1.0.0-{scifact,nfcorpus}.{flat,multifield}: k1 0.9, b 0.4, 1000 hits, trec_eval -c.
  for (const [name, fields, ndcg, recall] of [
    ['scifact', 'flat', '0.6789', '0.9253'],
    ['scifact', 'multifield', '0.6647', undefined],
    ['nfcorpus', 'flat', '0.3218', '0.2457'],
    ['nfcorpus', 'multifield', '0.3254', undefined],
  ] as const) {
    it(`gives every digit that Anserini prints for ${name}, ${fields}`, async () => {
      const task = await readTask(join(folder, name), 'test');
      const run = await bm25Retriever({ fields, root: place('bm25') }).retrieve(task, 1000);
      const { mean } = scoreRun(withoutIdenticalIds(run), task.qrels, ['ndcg@10', 'recall@100']);
      assert.equal(mean['ndcg@10']!.toFixed(4), ndcg);
      if (recall !== undefined) assert.equal(mean['recall@100']!.toFixed(4), recall);
    });
  }
});
