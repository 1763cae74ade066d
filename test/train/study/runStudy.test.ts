import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeRunConfig } from '../../../checkpoints/run/config.js';
import { parseConfig } from '../../../configs/load/loadConfig.js';
import { loadStudy } from '../../../configs/load/loadStudy.js';
import type { Task } from '../../../eval/tasks/task.js';
import type { CommandSignal } from '../../../configs/cli/watchSignals.js';
import type { RunCommand } from '../../../train/processes/spawnCommand.js';
import { readJournal, requireUnchanged } from '../../../train/study/journal.js';
import { onlySlot, type Slot } from '../../../train/study/parallel/slots.js';
import type { StudyScreen } from '../../../train/study/parallel/studyTable.js';
import { runStudy } from '../../../train/study/runStudy.js';
import { studyCells } from '../../../train/study/studyCells.js';
import { identityOfName } from '../../../eval/tasks/identity.js';

const task: Task = {
  ...{ name: 'one', identity: identityOfName('one'), folder: 'one', split: 'test', metrics: ['ndcg@10'] },
  ...{ ignoreIdenticalIds: false, titles: 'use' },
};
const quiet: StudyScreen = { begun: () => {}, said: () => {}, ended: () => {} };
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

  async function run(runCommand: RunCommand, signal = calm, slots: readonly Slot[] = [onlySlot], screen = quiet) {
    const study = loadStudy('s.yaml');
    const cells = studyCells(study);
    const work = { study, cells, tasks: [task], set: [], data: ['t.arrow'], runCommand, signal };
    return runStudy({ ...work, slots, screen });
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

  it('lets as many processes as are asked for train and encode each cell together', async () => {
    const told: string[][] = [];
    const { runCommand } = commands();
    const study = loadStudy('s.yaml');
    await runStudy({
      ...{ study, cells: studyCells(study), tasks: [task], set: [], data: ['t.arrow'], ranks: 3, signal: calm },
      ...{ slots: [onlySlot], screen: quiet },
      runCommand: (command, args, onLine, signal) => {
        told.push([command, args[args.indexOf('--ranks') + 1]!]);
        return runCommand(command, args, onLine, signal);
      },
    });
    assert.deepEqual(
      told,
      ['eval', 'eval', 'train', 'eval', 'train', 'eval'].map((command) => [command, '3']),
    );
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

  describe('side by side', () => {
    const cards: Slot[] = ['0', '1'].map((card) => ({ env: { CUDA_VISIBLE_DEVICES: card } }));

    /** As `commands`, each taking a moment; notes which cards are in use at a time, and of which cell. */
    function onCards(fails: (args: readonly string[]) => boolean = () => false) {
      const { calls, runCommand } = commands(fails);
      const inUse = new Set<string>();
      let most = 0;
      const told: RunCommand = async (command, args, onLine, signal, env) => {
        const card = env!['CUDA_VISIBLE_DEVICES']!;
        assert.ok(!inUse.has(card), `card ${card} is given twice`);
        most = Math.max(most, inUse.add(card).size);
        await delay(20);
        inUse.delete(card);
        return runCommand(command, args, onLine, signal, env);
      };
      return { calls, runCommand: told, most: () => most };
    }

    it('works on as many cells at a time as there are cards, each on its own, and tells ends in their order', async () => {
      const { calls, runCommand, most } = onCards();
      const ends = await run(runCommand, calm, cards);
      assert.deepEqual(
        ends.map(({ cell, outcome }) => [cell.name, outcome]),
        studyCells(loadStudy('s.yaml')).map(({ name }) => [name, 'done']),
      );
      assert.equal(most(), 2);
      assert.equal(calls.length, 6);
      // The journal is one file: two that wrote it at a time would lose what the other wrote.
      assert.equal(Object.keys(await readJournal('s')).length, 4);
    });

    it('tells of a cell that fails, and goes on with the others', async () => {
      const told: string[] = [];
      const screen = { ...quiet, ended: (cell: string, outcome: string) => void told.push(`${cell} ${outcome}`) };
      const ends = await run(onCards((args) => args.includes('s-demo-42')).runCommand, calm, cards, screen);
      assert.deepEqual(
        ends.map(({ outcome }) => outcome),
        ['done', 'done', 'failed', 'done'],
      );
      assert.ok(told.includes('demo tuned 42 failed: it broke'), String(told));
    });

    it('makes a base once that several cells need at a time', async () => {
      writeFileSync(
        's.yaml',
        'name: s\nbases: [reader]\nmade: [{ name: reader, from: demo, text: code, updates: 2, warmupSteps: 1, learningRate: 0.001, seed: 1 }]\ndata: demonstration\n' +
          'tasks: [one]\nbm25: false\nsettings: [{ name: tuned, recipe: demo }, { name: plain, recipe: demo, trained: false }]\n',
      );
      const made: string[] = [];
      const { runCommand } = onCards();
      const ends = await run(
        async (command, args, ...rest) => {
          if (command !== 'pretrain-demo') return runCommand(command, args, ...rest);
          made.push(args[args.indexOf('--output') + 1]!);
          await delay(20);
          return { code: 1, reason: 'no memory', output: '' };
        },
        calm,
        cards,
      );
      assert.equal(made.length, 1);
      assert.deepEqual(
        ends.map(({ reason }) => reason),
        ['its base was not made: no memory', 'its base was not made: no memory'],
      );
    });

    it('ends all cells at an interruption, and begins no other', async () => {
      let isAsked = false;
      const { runCommand } = onCards();
      const ends = await run(
        async (...call) => {
          const end = await runCommand(...call);
          isAsked = true;
          return { ...end, code: 130 };
        },
        { ...calm, isAsked: () => isAsked },
        cards,
      );
      assert.deepEqual(
        ends.map(({ outcome }) => outcome),
        ['interrupted', 'interrupted', 'not begun', 'not begun'],
      );
    });
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
