import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeContract } from '../../../../checkpoints/contract/contractFile.js';
import { writeRunConfig } from '../../../../checkpoints/run/config.js';
import { parseConfig } from '../../../../configs/load/loadConfig.js';
import { openExamples } from '../../../../data/arrow/openExamples.js';
import type { RetrainingPlan } from '../../../../configs/load/loadRetraining.js';
import { perQueryBytes } from '../../../../eval/measure/perQuery.js';
import { identityOfName } from '../../../../eval/tasks/identity.js';
import type { Task } from '../../../../eval/tasks/task.js';
import type { CommandSignal } from '../../../../configs/cli/watchSignals.js';
import type { RunCommand } from '../../../../train/processes/spawnCommand.js';
import { contract } from '../../../checkpoints/examples.js';

export const calm: CommandSignal = { isAsked: () => false, onAsked: () => () => {} };

export const task: Task = {
  ...{ name: 'one', identity: identityOfName('one'), folder: 'one', split: 'test', metrics: ['ndcg@10'] },
  ...{ ignoreIdenticalIds: false, titles: 'use' },
};

export const plan: RetrainingPlan = {
  ...{ name: 'plan', file: 'plan.yaml', about: '', base: 'demo', set: [], from: 'base', data: ['data/*.jsonl'] },
  checks: { leastRows: 1, mostRejected: 0, mostOverlap: 0 },
  gate: { tasks: ['one'], rule: 'not-worse', margin: 0.01, floors: {} },
  keep: { champions: 1, runs: 1 },
  publish: 'adapter',
};

/**
 * Leaves what the commands of a retraining leave, at once. A run is as good as its training data says: a row whose query
 * is a number sets the score of every query.
 * @param fails  what a call fails with, by its command; it leaves nothing then
 * @param pause  awaited in the middle of each command
 */
export function fakeCommands(
  fails: (command: string) => number = () => 0,
  pause: () => Promise<void> = () => Promise.resolve(),
): { calls: string[]; runCommand: RunCommand } {
  const calls: string[] = [];
  const runCommand: RunCommand = async (command, args) => {
    const value = (name: string) => args[args.indexOf(name) + 1]!;
    calls.push(
      command === 'export' ? `export ${args[0]}` : `${command} ${value(command === 'train' ? '--run' : '--model')}`,
    );
    const code = fails(command);
    if (code !== 0) return { code, reason: 'it broke', output: '' };
    if (command === 'train')
      await train(value('--run'), args.includes('--data') ? args.slice(args.indexOf('--data') + 1) : [], pause);
    else if (command === 'eval') await score(value('--model'), pause);
    else {
      const output = value('--output');
      mkdirSync(output);
      await pause();
      writeFileSync(join(output, 'adapter_model.safetensors'), args[0]!);
      return { code, reason: '', output: '{"largestDifference":0,"smallestCosine":1}\n' };
    }
    return { code, reason: '', output: '' };
  };
  return { calls, runCommand };
}

async function train(run: string, data: readonly string[], pause: () => Promise<void>): Promise<void> {
  const folder = join('checkpoints/runs', run);
  if (!existsSync(join(folder, 'config.yaml'))) {
    mkdirSync(folder, { recursive: true });
    const base = { name: 'demo', folder: 'demo', weightsHash: 'w' };
    const record = { base, recipe: 'demo', data: [...data], rows: 1, updates: 3, settings: parseConfig({}) };
    await writeContract(join(folder, 'contract.json'), contract);
    await writeRunConfig(join(folder, 'config.yaml'), record);
    writeFileSync(join(folder, 'quality'), String(await qualityOf(data)));
  }
  await pause();
  mkdirSync(join(folder, 'adapter'), { recursive: true });
  writeFileSync(join(folder, 'log.jsonl'), '{"event":"end","time":"","step":3}\n');
}

async function score(model: string, pause: () => Promise<void>): Promise<void> {
  const folder = join('checkpoints/runs', model.slice('run:'.length));
  const quality = Number(readFileSync(join(folder, 'quality'), 'utf8'));
  const perQuery = new Map(Array.from({ length: 20 }, (_, query) => [`q${query}`, { 'ndcg@10': quality }]));
  await pause();
  mkdirSync(join(folder, 'eval/one'), { recursive: true });
  writeFileSync(join(folder, 'eval/one/per-query.arrow'), perQueryBytes(perQuery, ['ndcg@10']));
  writeFileSync(join(folder, 'eval/one/metrics.json'), JSON.stringify({ metrics: { 'ndcg@10': quality } }));
}

async function qualityOf(paths: readonly string[]): Promise<number> {
  let best = 0;
  for (const path of paths) {
    const file = await openExamples(path);
    for (let batch = 0; batch < file.batchRows.length; batch++)
      for (const { query } of await file.read(batch)) best = Math.max(best, Number(query) || 0);
    await file.close();
  }
  return best;
}
