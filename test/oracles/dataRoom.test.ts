import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openExamples } from '../../data/arrow/openExamples.js';
import { readBeir } from '../../data/task/beir.js';
import { importExamples } from '../../data/import/importExamples.js';
import { streamExamples } from '../../data/stream/shuffle.js';
import { useTemporaryFolder } from '../checkpoints/useTemporaryFolder.js';

const oracles = process.env['ORACLES'] ?? '../shared/data';

describe('real data', function () {
  const at = useTemporaryFolder();
  before(function () {
    if (existsSync(oracles)) return;
    console.log(`skipped: no data at ${oracles}`);
    this.skip();
  });

  it('imports all 11,992 MS MARCO training queries and streams each once an epoch', async () => {
    const summary = await importExamples(
      [join(oracles, 'msmarco/train_sample/train.tevatron.jsonl')],
      at('train.arrow'),
    );
    assert.deepEqual([summary?.rows, summary?.rejected], [11992, []]);
    const file = await openExamples(at('train.arrow'));
    const seen = new Set<string>();
    let passages = 0;
    for await (const { example, next } of streamExamples([file], { seed: 1, windowRows: 4096 })) {
      seen.add(example.id);
      passages += example.positives.length;
      if (next.epoch === 1) break;
    }
    await file.close();
    assert.deepEqual([seen.size, passages], [11992, 12677]);
  });

  for (const [folder, split, documents, queries] of [
    ['beir/scifact', 'test', 5183, 300],
    ['beir/nfcorpus', 'test', 3633, 323],
    ['coir/cosqa_beir', 'dev', 6267, 500],
    ['msmarco/dl1920_subset_beir', 'dl19', 30005, 43],
  ] as const)
    it(`reads ${folder}, ${split}: ${documents} documents, ${queries} queries`, async () => {
      const task = await readBeir(join(oracles, folder), split);
      assert.deepEqual([task.corpus.length, task.queries.length, task.qrels.size], [documents, queries, queries]);
    });
});
