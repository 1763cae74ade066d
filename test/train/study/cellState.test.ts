import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepNoText } from '../../../eval/score/scoreModel.js';
import { identityOfName } from '../../../eval/tasks/identity.js';
import type { Task } from '../../../eval/tasks/task.js';
import { cellState, hasScores } from '../../../train/study/cellState.js';
import type { StudyCell } from '../../../train/study/studyCells.js';

describe('how far BM25 is in a study', () => {
  const task = (name: string): Task => ({
    ...{ name, identity: identityOfName(name), folder: name, split: 'test', metrics: ['ndcg@10'] },
    ...{ ignoreIdenticalIds: false, titles: 'use' },
  });
  const [words, pages] = [task('words'), task('pages')];
  let results: string;
  let cell: StudyCell;
  beforeEach(() => {
    results = mkdtempSync(join(tmpdir(), 'cell-'));
    cell = { name: 'BM25', label: 'BM25', kind: 'bm25', results, asked: { retriever: {} } };
  });
  afterEach(() => rmSync(results, { recursive: true }));

  // A study of pages failed each time: the score that it waited for cannot be.
  it('is done where tasks without words have no score, and is compared by the others alone', async () => {
    mkdirSync(join(results, 'pages'));
    assert.deepEqual(await cellState(cell, [words, pages]), { kind: 'to do' });
    await keepNoText(join(results, 'pages'));
    assert.deepEqual(await cellState(cell, [words, pages]), { kind: 'unscored', tasks: 1 });
    assert.deepEqual(await cellState(cell, [pages]), { kind: 'done' });
    assert.equal(hasScores(cell, [words, pages]), false);
    mkdirSync(join(results, 'words'));
    writeFileSync(join(results, 'words/metrics.json'), '{}');
    assert.deepEqual(await cellState(cell, [words, pages]), { kind: 'done' });
    assert.equal(hasScores(cell, [words, pages]), true);
    // The score of a task that had words once stayed, and was compared as that of its pages.
    await keepNoText(join(results, 'words'));
    assert.equal(hasScores(cell, [words, pages]), false);
  });
});
