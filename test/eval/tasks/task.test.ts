import assert from 'node:assert/strict';
import { resolveDatasets } from '../../../configs/load/datasetFile.js';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadTaskTree, loadTasks, requireTaskData, type Task } from '../../../eval/tasks/task.js';
import { isSet, ownTaskFile, readTaskFile, taskNames } from '../../../eval/tasks/taskFile.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

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
        identity: { set: 'fiqa', part: null, split: 'test', titles: 'use' },
        folder: place('fiqa'),
        split: 'test',
        metrics: ['ndcg@10', 'mrr@10', 'recall@100'],
        ignoreIdenticalIds: true,
        titles: 'use',
        isFolder: true,
      },
    ]);
  });

  // A folder's own documents were dropped in silence: true competitors where queries and documents are numbered from 1.
  it("leaves out documents with the query's own id where the named task of a folder's set does so, else never", async () => {
    await make(...whole, 'fiqa/qrels/test.tsv', 'own/corpus.jsonl', 'own/queries.jsonl', 'own/qrels/test.tsv');
    const drops = (name: string) => loadTasks(place(name))[0]!.ignoreIdenticalIds;
    assert.deepEqual([drops('fiqa'), drops('own')], [true, false]);
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
      message: `task ${place('fiqa')} has no split tset; did you mean test?`,
    });
  });

  it('says what half a folder lacks', async () => {
    await make('fiqa/corpus.jsonl');
    assert.throws(() => loadTasks('fiqa', place()), {
      name: 'UserError',
      message: /; it lacks queries.jsonl, qrels\/test.tsv$/,
    });
    await make(...whole, 'fiqa/qrels/readme');
    assert.throws(() => loadTasks('fiqa', place()), {
      name: 'UserError',
      message: /; it lacks qrels\/test.tsv$/,
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

  it('takes the path of a folder, with or without a split', async () => {
    await make(...whole, 'fiqa/qrels/test.tsv', 'fiqa/qrels/dev.tsv');
    assert.deepEqual(
      loadTasks(place('fiqa')).map(({ name, folder }) => [name, folder]),
      [['fiqa', place('fiqa')]],
    );
    assert.deepEqual(
      loadTasks(place('fiqa/dev')).map(({ name, split }) => [name, split]),
      [['fiqa/dev', 'dev']],
    );
  });

  it('says that data is missing when it is needed', () => {
    const task = { ...loadTasks('demo-code')[0]!, folder: place('none') };
    assert.throws(() => requireTaskData(task), {
      name: 'UserError',
      message: /it lacks corpus.jsonl, queries.jsonl, qrels\/test.tsv$/,
    });
  });
});

describe('configs/tasks', () => {
  const namesOf = (name: string) => loadTasks(name).map((task) => task.name);

  it('holds tasks that can all be read, each with a place and a way to get its data', () => {
    for (const name of taskNames())
      for (const task of loadTasks(name)) {
        assert.match(task.folder, /\/data\/cache\//);
        if (!task.name.startsWith('demo-')) assert.ok(task.download, name);
      }
  });

  it("has the study's fourteen sets of BEIR, one of them in twelve parts, as a mean", () => {
    const [beir] = loadTaskTree('beir');
    assert.ok(isSet(beir!) && beir.isAveraged);
    assert.equal(beir.members.length, 14);
    assert.equal(namesOf('beir').length, 13 + 12);
    assert.deepEqual(namesOf('cqadupstack').slice(0, 2), ['cqadupstack/android', 'cqadupstack/english']);
    assert.deepEqual(namesOf('cqadupstack/tex'), ['cqadupstack/tex']);
    for (const { ignoreIdenticalIds } of loadTasks('beir')) assert.equal(ignoreIdenticalIds, true);
  });

  it('has the ten tasks of CoIR under both conventions of titles', () => {
    for (const [name, titles] of [
      ['coir', 'ignore'],
      ['coir-titled', 'use'],
    ] as const) {
      const [set] = loadTaskTree(name);
      assert.ok(isSet(set!) && set.isAveraged);
      assert.equal(set.members.length, 10);
      assert.equal(loadTasks(name).length, 8 + 2 * 6);
      for (const task of loadTasks(name)) assert.equal(task.titles, titles);
    }
    assert.deepEqual(namesOf('codesearchnet-titled').slice(0, 1), ['codesearchnet-titled/go']);
    assert.equal(loadTasks('codesearchnet-titled')[0]!.folder, loadTasks('codesearchnet')[0]!.folder);
  });

  it('has the three versions of ViDoRe, each a mean, compared by what is published of it', () => {
    for (const [name, parts, metric] of [
      ['vidore-v1', 10, 'ndcg@5'],
      ['vidore-v2', 4, 'ndcg@5'],
      ['vidore-v3', 8, 'ndcg@10'],
    ] as const) {
      const [set] = loadTaskTree(name);
      assert.ok(isSet(set!) && set.isAveraged);
      assert.equal(set.members.length, parts);
      for (const { metrics, download } of loadTasks(name)) {
        assert.equal(metrics[0], metric);
        for (const each of ['ndcg@5', 'recall@1', 'recall@5', 'hit@1']) assert.ok(metrics.includes(each));
        const [{ parts: fetched = [] } = {}] = resolveDatasets([download!]);
        assert.deepEqual(
          fetched.map((part) => `${name}/${part}`),
          namesOf(name),
        );
      }
    }
    assert.equal(namesOf('vidore').length, 22);
  });

  it('has pictures and pages beside ViDoRe, named by where their downloads put them', () => {
    for (const [name, parts, metric, split] of [
      ['flickr30k', 2, 'ndcg@10', 'test'],
      ['mscoco', 2, 'ndcg@10', 'test'],
      ['webqa', 1, 'ndcg@10', 'test'],
      ['mmdocir', 10, 'recall@5', 'train'],
    ] as const) {
      const tasks = loadTasks(name);
      assert.equal(tasks.length, parts);
      const [{ parts: fetched = [], sources } = { sources: [] }] = resolveDatasets([tasks[0]!.download!]);
      for (const [index, task] of tasks.entries()) {
        assert.deepEqual([task.metrics[0], task.split, task.name], [metric, split, `${name}/${fetched[index]!}`]);
        const source = sources[index]!;
        assert.ok('hub' in source && source.split === split && source.to === fetched[index]);
        assert.deepEqual(Object.values(source.tables!), ['corpus', 'queries', 'qrels']);
      }
    }
  });

  it('counts grades from 2 on as relevant in TREC DL, except for nDCG', () => {
    assert.deepEqual(namesOf('msmarco'), ['msmarco-dev', 'dl19', 'dl20']);
    for (const name of ['dl19', 'dl20'])
      for (const metric of loadTasks(name)[0]!.metrics)
        assert.equal(metric.endsWith('-l2'), !metric.startsWith('ndcg'));
  });

  it('counts a split that is missing as missing data', async () => {
    const [task] = loadTasks('dl20');
    const folder = await mkdtemp(join(tmpdir(), 'tercet-'));
    await mkdir(join(folder, 'qrels'));
    for (const file of ['corpus.jsonl', 'queries.jsonl', 'qrels/dl19.tsv']) await writeFile(join(folder, file), '');
    assert.throws(
      () => requireTaskData({ ...task!, folder }),
      /lacks qrels\/dl20.tsv; npm run data -- download msmarco/,
    );
    await rm(folder, { recursive: true });
  });

  it('says which command gets missing data, and what to put where by hand', () => {
    const [task] = loadTasks('dl19');
    assert.throws(() => requireTaskData({ ...task!, folder: '/nowhere' }), {
      name: 'UserError',
      message:
        'the data of task dl19 is not complete: /nowhere lacks corpus.jsonl, queries.jsonl, qrels/dl19.tsv; npm run data -- download msmarco gets it, or put it there by hand: collection.tsv as it is, msmarco-test2019-queries.tsv as queries.dl19.tsv, 2019qrels-pass.txt as qrels/dl19.tsv',
    });
  });
});

// Tasks of one's own could be told by their folder alone, and a damaged file of a task ended in a stack.
describe('ownTaskFile', () => {
  const place = useTemporaryFolder();
  const write = (file: string, text: string) => writeFile(place(file), text);

  it('is found by its path, its folder relative to the file', async () => {
    await write('own.yaml', 'folder: beir/own\nmetrics: [map@1000, recall@100-l2]\nignoreIdenticalIds: true\n');
    const [task] = loadTasks(place('own.yaml'));
    assert.deepEqual(
      [task!.name, task!.folder, task!.metrics, task!.ignoreIdenticalIds],
      ['own', place('beir/own'), ['map@1000', 'recall@100-l2'], true],
    );
  });

  it('may hold a set of named tasks and other files', async () => {
    await write('one.yml', 'folder: one\n');
    await write('all.yaml', 'tasks: [one.yml, demo-code]\naverage: true\n');
    const node = ownTaskFile(place('all.yaml'));
    assert.ok(isSet(node) && node.isAveraged);
    assert.deepEqual(
      node.members.map(({ name }) => name),
      ['one', 'demo-code'],
    );
  });

  it('is refused in a line when it is missing, damaged, within itself or names what is not there', async () => {
    await write('a.yaml', 'tasks: [b.yaml]\n');
    await write('b.yaml', 'tasks: [a.yaml]\n');
    await write('cut.yaml', 'folder: [x\n');
    await write('text.yaml', 'folder\n');
    await write('unknown.yaml', 'tasks: [demo-cod]\n');
    for (const [file, message] of [
      ['none', /none\.yaml does not exist$/],
      ['cut', /cut\.yaml is not YAML: /],
      ['text', /text\.yaml must hold the settings of a task as name: value, such as folder: my-task$/],
      ['a', /a\.yaml is a task of its own tasks, by way of .*a\.yaml, .*b\.yaml; leave it out$/],
      ['unknown', /unknown\.yaml: tasks: unknown task demo-cod; did you mean demo-code\?$/],
    ] as const)
      assert.throws(
        () => ownTaskFile(place(`${file}.yaml`)),
        (error: Error) => {
          assert.deepEqual([error.name, error.message.includes('\n')], ['UserError', false]);
          assert.match(error.message, message);
          return true;
        },
      );
  });
});

describe('readTaskFile', () => {
  const place = useTemporaryFolder();
  const folderOf = async (folder: string) => {
    await writeFile(place('own.yaml'), `folder: ${folder}\n`);
    const { name, folder: found } = readTaskFile(place('own.yaml')) as Task;
    assert.equal(name, 'own');
    return found;
  };

  // An absolute folder once was looked for within the checkout.
  it('takes a folder as absolute, or from the checkout', async () => {
    assert.equal(await folderOf('/data/beir/own'), '/data/beir/own');
    assert.equal(await folderOf('data/own'), fileURLToPath(new URL('../../../data/own', import.meta.url)));
  });

  it('makes a task of each part, and a mean over them', async () => {
    await writeFile(place('own.yaml'), 'folder: /data/own\nparts: [a, b]\n');
    const set = readTaskFile(place('own.yaml'));
    assert.ok(isSet(set) && set.isAveraged);
    assert.deepEqual(
      set.members.map((member) => [member.name, (member as Task).folder]),
      [
        ['own/a', '/data/own/a'],
        ['own/b', '/data/own/b'],
      ],
    );
  });

  it('names the setting that is missing', async () => {
    await writeFile(place('own.yaml'), 'split: test\n');
    assert.throws(() => readTaskFile(place('own.yaml')), { name: 'UserError', message: /own\.yaml: folder: / });
  });
});
