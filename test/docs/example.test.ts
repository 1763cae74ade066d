import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluateRetriever } from '../../eval/score/scoreModel.js';
import { useTemporaryFolder } from '../checkpoints/useTemporaryFolder.js';
import { fixedRetriever, writeExampleTask } from '../eval/exampleTask.js';
import { textOf } from './chapters.js';
import { betterOn } from './example.js';

describe('a program', () => {
  const place = useTemporaryFolder();

  it('compares models as docs/formats.md shows', async () => {
    const example = readFileSync(new URL('./example.ts', import.meta.url), 'utf8');
    assert.ok(textOf('docs/formats.md').includes(`\`\`\`ts\n${example}\`\`\``), 'the page shows another example');
    // Twelve queries: the first model finds none of their documents, the second all. Of 2^12 signs two are as far from 0.
    const ids = Array.from({ length: 12 }, (_, query) => `q${query}`);
    const task = await writeExampleTask(place('task'), {
      corpus: [...ids.map((id) => `of-${id}`), 'other'].map((id) => ({ id, title: '', text: `text of ${id}` })),
      queries: ids.map((id) => ({ id, text: id })),
      qrels: new Map(ids.map((id) => [id, new Map([[`of-${id}`, 1]])])),
    });
    const rankings = { none: () => ['other'], all: (id: string) => [`of-${id}`] };
    for (const [name, ranked] of Object.entries(rankings))
      await evaluateRetriever(fixedRetriever(name, Object.fromEntries(ids.map((id) => [id, ranked(id)]))), task, {
        folder: join(place(name), 'example'),
      });
    assert.deepEqual(await betterOn(place('none'), place('all'), place('report')), [
      { task: 'example', difference: 1, low: 1, high: 1 },
    ]);
    assert.ok(existsSync(place('report/report.html')));
    assert.deepEqual(await betterOn(place('all'), place('none'), place('report')), []);
  });
});
