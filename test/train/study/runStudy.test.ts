import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeRunConfig } from '../../../checkpoints/run/config.js';
import { parseConfig } from '../../../configs/load/loadConfig.js';
import { loadStudy } from '../../../configs/load/loadStudy.js';
import type { Task } from '../../../eval/tasks/task.js';
import type { CommandSignal, RunCommand } from '../../../train/processes/spawnCommand.js';
import { readJournal, requireUnchanged } from '../../../train/study/journal.js';
import { runStudy } from '../../../train/study/runStudy.js';
import { studyCells } from '../../../train/study/studyCells.js';
import { identityOfName } from '../../../eval/tasks/identity.js';

const task: Task = {
  ...{ name: 'one', identity: identityOfName('one'), folder: 'one', split: 'test', metrics: ['ndcg@10'] },
  ...{ ignoreIdenticalIds: false, titles: 'use' },
};
const calm: CommandSignal = { isAsked: () => false, onAsked: () => () => {} };

describe('a study worked through', () => {
  let home: string;
  const root = process.cwd();
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'study-'));
    process.chdir(home);
    writeFileSync(
      's.yaml',
      'name: s\nbases: [demo, qwen-0.5b]\ndata: demonstration\ntasks: [one]\nbm25: false\n' +
        'settings: [{ name: tuned, recipe: demo }, { name: plain, recipe: demo, trained: false }]\n',
    );
  });
  afterEach(() => {
    process.chdir(root);
    rmSync(home, { recursive: true });
  });

  /** Leaves what the commands leave; one that `fails` names leaves nothing. */
  function commands(fails: (args: readonly string[]) => boolean = () => false) {
    const calls: string[] = [];
    const runCommand: RunCommand = async (command, args) => {
      const value = (name: string) => args[args.indexOf(name) + 1]!;
      calls.push(`${command} ${args.includes('--run') ? value('--run') : value('--model')}`);
      if (fails(args)) return { code: 1, reason: 'it broke', output: '' };
      if (command === 'train') await trained(value('--run'), 3, 3);
      else {
        const [kind, name] = value('--model').split(':');
        scored(kind === 'run' ? `checkpoints/runs/${name}/eval` : value('--output'));
      }
      return { code: 0, reason: '', output: '' };
    };
    return { calls, runCommand };
  }

  async function trained(run: string, update: number, updates: number): Promise<void> {
    const folder = join('checkpoints/runs', run);
    mkdirSync(join(folder, 'state', `step-00000${update}`), { recursive: true });
    const base = { name: 'demo', folder: 'demo', weightsHash: 'w' };
    const record = { base, recipe: 'demo', data: [], rows: 1, updates, settings: parseConfig({}) };
    await writeRunConfig(join(folder, 'config.yaml'), record);
    if (update < updates) return;
    mkdirSync(join(folder, 'adapter'), { recursive: true });
    writeFileSync(join(folder, 'log.jsonl'), `{"event":"end","time":"","step":${updates}}\n`);
  }

  function scored(folder: string): void {
    mkdirSync(join(folder, 'one'), { recursive: true });
    writeFileSync(join(folder, 'one', 'metrics.json'), '{}');
  }

  async function run(runCommand: RunCommand, signal = calm) {
    const study = loadStudy('s.yaml');
    const cells = studyCells(study);
    return runStudy({ study, cells, tasks: [task], set: [], data: ['t.arrow'], runCommand, signal, say: () => {} });
  }

  it('trains and scores every cell once, and nothing the second time', async () => {
    const first = commands();
    assert.deepEqual(
      (await run(first.runCommand)).map(({ outcome }) => outcome),
      ['done', 'done', 'done', 'done'],
    );
    assert.deepEqual(first.calls, [
      'eval base:demo',
      'eval base:qwen-0.5b',
      'train s-demo-42',
      'eval run:s-demo-42',
      'train s-qwen-0.5b-42',
      'eval run:s-qwen-0.5b-42',
    ]);
    const second = commands();
    assert.deepEqual(
      (await run(second.runCommand)).map(({ outcome }) => outcome),
      ['was done', 'was done', 'was done', 'was done'],
    );
    assert.deepEqual(second.calls, []);
  });

  it('goes on with a training that stopped, and scores one that ended without being trained again', async () => {
    await run(commands((args) => args.includes('--run') || args[1]!.startsWith('run:')).runCommand);
    await trained('s-demo-42', 2, 3);
    await trained('s-qwen-0.5b-42', 3, 3);
    const told: string[][] = [];
    const { calls, runCommand } = commands();
    await run((command, args, onLine, signal) => {
      told.push([...args]);
      return runCommand(command, args, onLine, signal);
    });
    assert.deepEqual(calls, ['train s-demo-42', 'eval run:s-demo-42', 'eval run:s-qwen-0.5b-42']);
    assert.deepEqual(told[0], ['--run', 's-demo-42', '--resume']);
  });

  it('records a cell that fails and goes on with the others', async () => {
    const { runCommand } = commands((args) => args.includes('s-demo-42'));
    assert.deepEqual(
      (await run(runCommand)).map(({ outcome, reason }) => [outcome, reason]),
      [
        ['done', ''],
        ['done', ''],
        ['failed', 'it broke'],
        ['done', ''],
      ],
    );
  });

  it('begins no further cell after an interruption', async () => {
    let isAsked = false;
    const { calls, runCommand } = commands();
    const ends = await run(
      async (command, args, onLine, signal) => {
        isAsked = args.includes('--run');
        return isAsked ? { code: 130, reason: '', output: '' } : runCommand(command, args, onLine, signal);
      },
      { ...calm, isAsked: () => isAsked },
    );
    assert.deepEqual(
      ends.map(({ outcome }) => outcome),
      ['done', 'done', 'interrupted', 'not begun'],
    );
    assert.equal(calls.length, 2);
  });

  it('clears what a run left that died before its settings were written', async () => {
    mkdirSync('checkpoints/runs/s-demo-42', { recursive: true });
    writeFileSync('checkpoints/runs/s-demo-42/contract.json', '{}');
    let isThere = true;
    await run(async (_command, args) => {
      if (args.includes('s-demo-42')) isThere = existsSync('checkpoints/runs/s-demo-42');
      return { code: 1, reason: 'not now', output: '' };
    });
    assert.equal(isThere, false);
  });

  it('refuses begun cells whose settings changed, and names the setting and the folder', async () => {
    await run(commands().runCommand);
    const study = loadStudy('s.yaml');
    requireUnchanged('s', await readJournal('s'), studyCells(study));
    const changed = studyCells(study, ['lora.rank=8']);
    const journal = await readJournal('s');
    assert.throws(() => requireUnchanged('s', journal, changed), {
      name: 'UserError',
      message:
        'study s was begun with other settings: demo tuned 42 (lora.rank is 8 and was 16), ' +
        'qwen-0.5b tuned 42 (lora.rank is 8 and was 16); put them back, take another name for the study, ' +
        'or remove checkpoints/runs/s-demo-42, checkpoints/runs/s-qwen-0.5b-42',
    });
    rmSync('checkpoints/runs', { recursive: true });
    requireUnchanged('s', journal, changed);
  });

  it('refuses a run of its name that another made', async () => {
    await trained('s-demo-42', 3, 3);
    assert.throws(
      () => requireUnchanged('s', {}, studyCells(loadStudy('s.yaml'))),
      /demo tuned 42 \(was not made by this study\)/,
    );
  });
});
