import assert from 'node:assert/strict';
import { loadConfig } from '../../../configs/load/loadConfig.js';
import { loadTasks } from '../../../eval/tasks/task.js';
import { describeEmbeddings, planEmbeddings } from '../../../train/study/planEmbeddings.js';

describe('planEmbeddings', () => {
  const { config } = loadConfig('study');
  const shape = { hidden: 3584 } as Parameters<typeof planEmbeddings>[0][number]['shape'];
  const models = (count: number) => Array.from({ length: count }, () => ({ shape, config }));

  it('counts what four bases of 7 billion weights keep of MS MARCO, and that the usual limit does not hold it', async () => {
    // Nothing told that the default limit of 200 GB is too small for the study that it was made for.
    const plan = (await planEmbeddings(models(4), loadTasks('msmarco')))!;
    // 8,841,823 passages once, with the queries of dev and of both TREC years: 3,584 numbers of two bytes each.
    const corpus = (8_841_823 + 6980 + 43 + 54) * 3584 * 2;
    assert.deepEqual([plan.largest, plan.all, plan.limit], [corpus, 4 * corpus, 200e9]);
  });

  it('says what has room', () => {
    const gigabytes = (bytes: number) => `${bytes / 1e9} GB`;
    const describe = (limit: number, diskFree: number) =>
      describeEmbeddings({ largest: 63e9, all: 252e9, limit: limit * 1e9, diskFree: diskFree * 1e9 }, gigabytes);
    assert.equal(describe(300, 400), 'embeddings, 252 GB');
    const sizes = 'embeddings, 252 GB, up to 63 GB of one corpus';
    assert.equal(describe(200, 400), `${sizes}; the limit of 200 GB holds those used last`);
    assert.equal(describe(200, 100), `${sizes}; the free disk of 100 GB holds those used last`);
    assert.match(
      describe(60, 400),
      /; ! the limit of 60 GB is too small to keep that: raise evaluation\.cacheGigabytes/,
    );
    assert.match(describe(60, 50), /; ! the free disk of 50 GB is too small to keep that: free space/);
  });
});
