// Prints the MRR of 3,000 queries with 1,000 documents each. Run with a heap that could not hold them as objects.
import { scoreRun, withoutIdenticalIds } from '../../../eval/measure/metrics.js';
import { packedRun } from '../../../eval/measure/packedRun.js';

const run = packedRun({ get: (row) => `document-${row}` });
const hits = Array.from({ length: 1000 }, (_, index) => ({ row: index, score: 1000 - index }));
const qrels = new Map<string, Map<string, number>>();
for (let query = 0; query < 3000; query++) {
  run.add(`q${query}`, hits);
  qrels.set(`q${query}`, new Map([['document-1', 1]]));
}
console.log(scoreRun(withoutIdenticalIds(run), qrels, ['mrr@10']).mean['mrr@10']);
