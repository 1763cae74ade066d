import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadTasks, readTask, requireTaskData } from '../../eval/task.js';
import { useTemporaryFolder } from '../checkpoints/useTemporaryFolder.js';

describe('loadTasks', () => {
  const place = useTemporaryFolder();
  const make = async (...files: string[]) => {
    for (const file of files) {
      await mkdir(dirname(place(file)), { recursive: true });
      await writeFile(place(file), '');
    }
  };
  const whole = ['fiqa/corpus.jsonl', 'fiqa/queries.jsonl'];
  const splits = (name: string) => loadTasks(name, place()).map((task) => [task.name, task.split]);

  it('takes the split test of a folder that has one', async () => {
    await make(...whole, 'fiqa/qrels/test.tsv', 'fiqa/qrels/train.tsv');
    assert.deepEqual(loadTasks('fiqa', place()), [
      {
        name: 'fiqa',
        folder: place('fiqa'),
        split: 'test',
        metrics: ['ndcg@10', 'mrr@10', 'recall@100'],
        ignoreIdenticalIds: true,
      },
    ]);
  });

  it('takes every split of a folder that has no test', async () => {
    await make(...whole, 'fiqa/qrels/dl20.tsv', 'fiqa/qrels/dl19.tsv', 'fiqa/qrels/notes.txt');
    assert.deepEqual(splits('fiqa'), [
      ['fiqa/dl19', 'dl19'],
      ['fiqa/dl20', 'dl20'],
    ]);
  });

  it('takes one split by name and refuses one that is not there', async () => {
    await make(...whole, 'fiqa/qrels/test.tsv', 'fiqa/qrels/train.tsv');
    assert.deepEqual(splits('fiqa/train'), [['fiqa/train', 'train']]);
    assert.throws(() => loadTasks('fiqa/tset', place()), {
      name: 'UserError',
      message: 'task fiqa has no split tset; did you mean test?',
    });
  });

  it('says what half a folder lacks', async () => {
    await make('fiqa/corpus.jsonl');
    assert.throws(() => loadTasks('fiqa', place()), { name: 'UserError', message: /; it lacks queries.jsonl, qrels$/ });
    await make(...whole, 'fiqa/qrels/readme');
    assert.throws(() => loadTasks('fiqa', place()), {
      name: 'UserError',
      message: /must hold at least one .tsv file$/,
    });
  });

  it('suggests the near name for an unknown one', async () => {
    await make(...whole, 'fiqa/qrels/test.tsv', 'other/file');
    assert.throws(() => loadTasks('fika', place()), {
      name: 'UserError',
      message: `unknown task fika in ${place()}; did you mean fiqa?`,
    });
    assert.throws(() => loadTasks('demo-genral'), /did you mean demo-general\?$/);
  });

  it('sees that the folder given is a task itself, or does not exist', async () => {
    await make(...whole, 'fiqa/qrels/test.tsv');
    assert.throws(
      () => loadTasks('fiqa', place('fiqa')),
      /is a task itself; give the folder above it and --tasks fiqa$/,
    );
    assert.throws(() => loadTasks('fiqa', place('none')), /--tasks-dir .*none does not exist$/);
  });

  it('finds tasks by the names of configs/tasks, before their data is there', () => {
    const [task] = loadTasks('demo-code');
    assert.match(task!.folder, /data\/cache\/demo\/tasks\/code$/);
    assert.deepEqual([task!.split, task!.ignoreIdenticalIds], ['test', false]);
  });

  it('says that data is missing when it is needed', () => {
    const task = { ...loadTasks('demo-code')[0]!, folder: place('none') };
    assert.throws(() => requireTaskData(task), {
      name: 'UserError',
      message: /it lacks corpus.jsonl, queries.jsonl, qrels$/,
    });
  });
});

describe('readTask', () => {
  const place = useTemporaryFolder();
  const folderOf = async (folder: string) => {
    await writeFile(place('own.yaml'), `folder: ${folder}\n`);
    const { name, folder: found } = readTask(place('own.yaml'));
    assert.equal(name, 'own');
    return found;
  };

  // An absolute folder once was looked for within the checkout.
  it('takes a folder as absolute, or from the checkout', async () => {
    assert.equal(await folderOf('/data/beir/own'), '/data/beir/own');
    assert.equal(await folderOf('data/own'), fileURLToPath(new URL('../../data/own', import.meta.url)));
  });

  it('names the setting that is missing', async () => {
    await writeFile(place('own.yaml'), 'split: test\n');
    assert.throws(() => readTask(place('own.yaml')), { name: 'UserError', message: /own\.yaml: folder: / });
  });
});
