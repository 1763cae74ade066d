import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { writeExampleTask } from '../../eval/exampleTask.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { runCommand } from '../../runCommand.js';
import { copyDemoBase } from './fakes/copyDemoBase.js';
import { writeRows } from './fakes/writeRows.js';

describe('npm run retrain -- PLAN, with a plan that cannot be used', function () {
  this.timeout(120_000);
  const at = useTemporaryFolder();
  beforeEach(async () => {
    mkdirSync(at('incoming'));
    writeRows(at('incoming/1.jsonl'), [0.5]);
    mkdirSync(at('empty'));
    await writeExampleTask(at('one'));
    copyDemoBase(at('base'));
  });

  const good: Record<string, string> = {
    base: './base',
    data: '[incoming]',
    gate: '{ tasks: [./one], rule: not-worse, margin: 0.01 }',
  };
  const cases: [what: string, changes: Record<string, string>, message: RegExp][] = [
    ['an unknown key', { keeps: '{ runs: 1 }' }, /plan\.yaml:4: unknown setting keeps; did you mean keep\?/],
    ['a gate without tasks', { gate: '{ tasks: [], rule: better }' }, /plan\.yaml:3: gate\.tasks: .*got \[\]/],
    ['a margin without a rule', { gate: '{ tasks: [./one], margin: 0.01 }' }, /plan\.yaml:3: gate\.rule is missing/],
    [
      'a task whose data is missing',
      { gate: '{ tasks: [scifact], rule: better }' },
      /scifact.*npm run data -- download scifact/,
    ],
    [
      'a data folder that is empty',
      { data: '[incoming, empty]' },
      /data names empty, which holds no file; put training data there/,
    ],
    ['a base that nobody knows', { base: 'qwen-matt' }, /qwen-matt.*qwen-math/],
    ['a setting that is none', { set: '[training.step=3]' }, /training\.step\b/],
  ];
  for (const [what, changes, message] of cases)
    it(`says of ${what} in one line why, ends with exit code 2 and changes nothing`, async () => {
      const lines = Object.entries({ ...good, ...changes }).map(([name, value]) => `${name}: ${value}\n`);
      writeFileSync(at('plan.yaml'), lines.join(''));
      const before = filesIn(at());
      const { code, output, errors } = await runCommand('train/command/retrain.ts', ['plan.yaml'], at());
      assert.equal(code, 2, errors);
      assert.equal(output, '');
      assert.match(errors, /^error: [^\n]+\n$/);
      assert.match(errors, message);
      assert.deepEqual(filesIn(at()), before);
    });
});

const filesIn = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
