import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadConfig } from '../../../configs/load/loadConfig.js';
import { openYaml } from '../../../configs/load/readYaml.js';
import { resolveDatasets } from '../../../configs/load/datasetFile.js';
import { loadRetraining } from '../../../configs/load/loadRetraining.js';
import { loadStudy } from '../../../configs/load/loadStudy.js';
import { ownTaskFile } from '../../../eval/tasks/taskFile.js';
import { readPublished } from '../../../eval/report/comparison/published.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('readYaml', () => {
  const at = useTemporaryFolder();
  const doors = {
    recipe: loadConfig,
    study: loadStudy,
    'retraining plan': loadRetraining,
    'data set': (file: string) => resolveDatasets([file]),
    task: ownTaskFile,
    published: (file: string) => readPublished(file),
  };

  // An alias without an anchor, of which the parser says only when values are made, a missing file in another folder, and
  // bytes that are no text ended some of these in a stack.
  for (const [door, load] of Object.entries(doors))
    it(`tells in one line that the file of a ${door} cannot be read`, async () => {
      writeFileSync(at('alias.yaml'), 'a: *nothing\n');
      writeFileSync(at('cycle.yaml'), 'a: &a\n  b: *a\n');
      writeFileSync(at('open.yaml'), 'a: [\n');
      writeFileSync(at('tab.yaml'), 'a:\n\tb: 1\n');
      writeFileSync(at('latin.yaml'), Buffer.from('a: caf\xe9\n', 'latin1'));
      writeFileSync(at('empty.yaml'), '');
      writeFileSync(at('list.yaml'), '- a\n');
      mkdirSync(at('folder.yaml'), { recursive: true });
      const names = [
        'alias',
        'cycle',
        'open',
        'tab',
        'latin',
        'list',
        'folder',
        ...(door === 'recipe' ? [] : ['empty']),
        'sub/none',
      ];
      for (const name of names)
        await assert.rejects(
          async () => load(at(`${name}.yaml`)),
          (error: Error) => {
            assert.equal(error.name, 'UserError', `${name}: ${error.stack}`);
            assert.ok(!error.message.includes('\n') && error.message.includes(`${name}.yaml`), error.message);
            return true;
          },
        );
    });

  it('refuses an alias without an anchor in --set', () => {
    assert.throws(() => loadConfig('study', ['lora.rank=*x']), {
      name: 'UserError',
      message: /^--set lora\.rank=\*x: /,
    });
  });

  it('tells the line of a setting, of the group that lacks it, or the file alone', () => {
    const text = '# first\na:\n  b: &all\n    - { c: 1 }\n    - d\ne: *all\n"f.g": 1\n';
    writeFileSync(at('lines.yaml'), text);
    const { placeOf, value } = openYaml(at('lines.yaml'));
    assert.deepEqual(value, { a: { b: [{ c: 1 }, 'd'] }, e: [{ c: 1 }, 'd'], 'f.g': 1 });
    const lines: [path: (string | number)[], line: number][] = [
      [['a'], 2],
      [['a', 'b'], 3],
      [['a', 'b', 0, 'c'], 4],
      [['a', 'b', 1], 5],
      [['a', 'missing'], 2],
      [['e', 1], 5],
      [['f.g'], 7],
    ];
    for (const [path, line] of lines) assert.equal(placeOf(path), `${at('lines.yaml')}:${line}`, path.join());
    for (const path of [[], ['missing']]) assert.equal(placeOf(path), at('lines.yaml'));
  });

  it('names the line of what each of them does not know', async () => {
    const known = {
      recipe: 'seed: 1\n',
      study: 'name: a\n',
      'retraining plan': 'base: demo\n',
      'data set': 'about: a\n',
      task: 'folder: a\n',
      published: 'title: a\n',
    };
    for (const [door, load] of Object.entries(doors)) {
      writeFileSync(at('unknown.yaml'), `${known[door as keyof typeof known]}nonsense: 2\n`);
      const message = door === 'recipe' || door === 'task' ? /unknown\.yaml:2: .*nonsense/ : /unknown\.yaml(:2)?: /;
      await assert.rejects(async () => load(at('unknown.yaml')), { name: 'UserError', message });
    }
  });
});
