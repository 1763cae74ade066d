import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openExamples } from '../../../data/arrow/openExamples.js';
import { pageFonts } from '../../../data/demonstration/pages/fonts.js';
import { pagePairs } from '../../../data/demonstration/pages/pagePairs.js';
import { renderPage } from '../../../data/demonstration/pages/renderPage.js';
import { readTask } from '../../../data/task/readTask.js';
import { madeFiles, madeForTasks } from '../../../eval/demonstration/madeData.js';
import { writeTask, writeTraining } from '../../../eval/demonstration/pages.js';
import { loadTasks } from '../../../eval/tasks/task.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe("the demonstration's pages", () => {
  const inFolder = useTemporaryFolder();
  const fonts = pageFonts();
  const { train, test } = pagePairs(fonts, { train: 6, test: 4 });

  it('are written as rows that name each page, and as a file of the pages', async () => {
    const path = inFolder('train.arrow');
    await writeTraining(path, train);
    const file = await openExamples(path);
    const rows = await file.read(0);
    assert.deepEqual(
      rows.map(({ query }) => query),
      train.map(({ query }) => query),
    );
    for (const [index, { positives, negatives }] of rows.entries()) {
      const drawn = await renderPage(train[index]!.page);
      assert.deepEqual(positives[0]!.images, [createHash('sha256').update(drawn).digest('hex')]);
      assert.deepEqual(Buffer.from(await file.images!.read(positives[0]!.images[0]!)), drawn);
      assert.equal(negatives.length, 0);
    }
    await file.close();
  });

  it('are a task whose documents are images alone, one for each query', async () => {
    const folder = inFolder('task');
    await writeTask(folder, test);
    const { corpus, queries, qrels } = await readTask(folder, 'test');
    const pages = [];
    for await (const shard of corpus.read()) pages.push(...shard.passages);
    assert.deepEqual(
      pages.map(({ id, title, text }) => [id, title, text]),
      test.map(({ id }) => [`page-${id}`, '', '']),
    );
    assert.deepEqual(await readFile(join(folder, 'images', 'test-1.png')), await renderPage(test[0]!.page));
    assert.deepEqual(
      queries.map(({ id, text }) => [id, text, [...qrels.get(id)!]]),
      test.map(({ id, query }) => [id, query, [[`page-${id}`, 1]]]),
    );
  });

  it('are made for the task of pages alone, and the texts for the others', () => {
    const made = (name: string) => madeForTasks(loadTasks(name).map((task) => task.name));
    assert.deepEqual(made('demo-pages'), ['demonstration-pages']);
    assert.deepEqual(made('demo'), ['demonstration']);
    assert.deepEqual(madeForTasks(['demo-code', 'demo-pages']), ['demonstration', 'demonstration-pages']);
    assert.deepEqual(madeForTasks(['vidore-v1', './demo-task']), []);
    assert.deepEqual(
      madeFiles('demonstration').map((file) => file.split('/').slice(-2).join('/')),
      ['demo/train-general.arrow', 'demo/train-code.arrow', 'demo/train-maths.arrow'],
    );
  });
});
