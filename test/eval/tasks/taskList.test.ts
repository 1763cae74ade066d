import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { loadTaskList } from '../../../eval/tasks/taskList.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('loadTaskList', () => {
  const place = useTemporaryFolder();
  const make = async (folder: string) => {
    for (const file of ['corpus.jsonl', 'queries.jsonl', 'qrels/test.tsv', 'qrels/dev.tsv']) {
      await mkdir(dirname(join(place(folder), file)), { recursive: true });
      await writeFile(join(place(folder), file), '');
    }
    return place(folder);
  };
  const namesOf = (...paths: string[]) => loadTaskList(paths).tasks.map(({ name }) => name);

  // Of two folders of one last name, both rows of the table had the score of the second.
  it('takes names further up the path where folders end alike', async () => {
    const [small, other, alone] = [await make('small/scifact'), await make('other/scifact'), await make('x/nq')];
    assert.deepEqual(namesOf(small, other, alone), ['small/scifact', 'other/scifact', 'nq']);
    assert.deepEqual(namesOf(`${small}/dev`, other), ['scifact/dev', 'scifact']);
    assert.deepEqual(namesOf(`${small}/dev`, `${other}/dev`), ['small/scifact/dev', 'other/scifact/dev']);
    // As far up as they differ.
    const deep = [await make('one/a/scifact'), await make('two/a/scifact')];
    assert.deepEqual(namesOf(...deep), ['one/a/scifact', 'two/a/scifact']);
    const { nodes, tasks } = loadTaskList([small, other]);
    assert.deepEqual([nodes, tasks[0]!.folder], [tasks, small]);
  });

  it('leaves a named task its name, and tells a folder of that name from it', async () => {
    const own = await make('mine/demo-maths');
    assert.deepEqual(namesOf('demo-maths', own), ['demo-maths', 'mine/demo-maths']);
    assert.deepEqual(namesOf(own), ['demo-maths']);
  });

  it('heeds neither case nor what a slash becomes, since folders of results would be one', async () => {
    assert.deepEqual(namesOf(await make('a/CASE'), await make('b/case')), ['a/CASE', 'b/case']);
    assert.deepEqual(namesOf(`${await make('a/t')}/dev`, await make('b/t-dev')), ['a/t/dev', 'b/t-dev']);
  });

  it('refuses tasks that no name tells apart', async () => {
    const [one, other] = [await make('p/t'), await make('p/t-dev')];
    assert.throws(() => namesOf(`${one}/dev`, other), {
      name: 'UserError',
      message: new RegExp(
        `^${one} \\(dev\\) and ${other} \\(test\\) would both be called .*p/t/dev; evaluate them one after the other, each with an --output`,
      ),
    });
  });

  it("lets the user say whether a folder's documents with the query's own id count, but not of a named task", async () => {
    const drops = (path: string, ignoreIdenticalIds: boolean) =>
      loadTaskList([path], undefined, { ignoreIdenticalIds }).tasks[0]!.ignoreIdenticalIds;
    const [fiqa, own] = [await make('fiqa'), await make('own')];
    assert.deepEqual([drops(fiqa, false), drops(fiqa, true), drops(own, true)], [false, true, true]);
    assert.throws(() => drops('demo-code', true), {
      name: 'UserError',
      message:
        '--ignore-identical-ids has no effect on demo-code, whose file in configs/tasks/ says it; leave it out, or name a folder',
    });
  });

  it('takes other metrics than those of the tasks, and refuses unknown ones', async () => {
    const own = await make('own');
    const metricsOf = (...metrics: string[]) =>
      loadTaskList([own, 'demo'], undefined, { metrics }).tasks.map((task) => task.metrics);
    const four = Array.from({ length: 4 }, () => ['map@1000', 'precision@30-l2']);
    assert.deepEqual(metricsOf('map@1000', 'precision@30-l2'), four);
    assert.throws(() => metricsOf('map'), { name: 'UserError', message: /got map$/ });
  });

  it('takes judgements without a corpus where they suffice', async () => {
    await mkdir(place('judged/qrels'), { recursive: true });
    for (const file of ['judged/qrels/dev.tsv', 'judged/qrels/test.tsv', 'dl19.qrels'])
      await writeFile(place(file), 'q 0 d 1\n');
    const take = (name: string, judgementsSuffice: boolean) => {
      const { tasks } = loadTaskList([place(name)], undefined, { judgementsSuffice });
      return tasks.map(({ name, split, judgements }) => [name, split, judgements]);
    };
    assert.deepEqual(take('judged', true), [['judged', 'test', [place('judged/qrels/test.tsv')]]]);
    assert.deepEqual(take('judged/dev', true), [['judged/dev', 'dev', [place('judged/qrels/dev.tsv')]]]);
    assert.deepEqual(take('dl19.qrels', true), [['dl19', 'test', [place('dl19.qrels')]]]);
    assert.throws(() => take('judged', false), /it lacks corpus\.jsonl, queries\.jsonl$/);
    const whole = loadTaskList([await make('whole')], undefined, { judgementsSuffice: true });
    assert.equal(whole.tasks[0]!.judgements, undefined);
  });

  it('takes one task once, also by a link or as part of a set', async () => {
    const task = await make('scifact');
    await symlink(task, place('linked'));
    assert.deepEqual(namesOf(task, task, `${task}/.`), ['scifact']);
    assert.deepEqual(namesOf('demo', 'demo-code'), ['demo-general', 'demo-code', 'demo-maths']);
    assert.equal(loadTaskList(['demo', 'demo']).nodes.length, 1);
  });

  // The results of a path ending in `..` or `.` lay beside or right in the folder of results.
  it('names a folder by where its path leads', async () => {
    const task = await make('scifact');
    assert.deepEqual(namesOf(`${task}/qrels/..`), ['scifact']);
    assert.deepEqual(namesOf(`${task}/.`), ['scifact']);
  });
});
