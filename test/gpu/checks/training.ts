import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createExampleWriter } from '../../../data/arrow/writeExamples.js';
import { runNode, type Settings } from '../worker/ask.js';
import type { Place } from './checks.js';
import { judge, type Finding } from './finding.js';

const command = fileURLToPath(new URL('../../../train/command.ts', import.meta.url));
const demoBase = fileURLToPath(new URL('../../../configs/bases/demo', import.meta.url));
const words = ['river', 'stone', 'cloud', 'maple', 'copper', 'lantern', 'harbour', 'violin', 'meadow', 'comet'];

/** A few updates of the demonstration base through the command, on the checked engine and on the right one. */
export async function checkTraining({ folder, checked, right, facts, isQuick }: Place): Promise<Finding> {
  await writeExamples(join(folder, 'train.arrow'));
  cpSync(demoBase, join(folder, 'demo-base'), { recursive: true });
  const steps = isQuick ? 2 : 8;
  const found = await lossesOf(folder, 'checked', steps, checked);
  const expected = await lossesOf(folder, 'right', steps, right);
  const error = Math.max(...expected.map((loss, step) => Math.abs(found[step]! / loss - 1)));
  const bound = facts.float32Products === 'tf32' ? 2e-2 : 1e-3;
  const isRight = found.length === steps && expected.length === steps && error < bound;
  const figures = `loss ${found[0]?.toFixed(5)} to ${found.at(-1)?.toFixed(5)} in ${steps} updates, at most ${error.toExponential(1)} off`;
  return judge('training command', isRight, figures, { found, expected });
}

async function writeExamples(file: string): Promise<void> {
  const writer = await createExampleWriter(file, { rowsPerBatch: 16 });
  const passage = (place: number) => {
    const word = words[place % words.length]!;
    return { id: word, title: word, text: `A ${word} is described here in a few plain words.` };
  };
  for (let row = 0; row < 64; row++)
    await writer.write({
      id: `row-${row}`,
      query: `what is a ${words[row % words.length]} ${row}`,
      positives: [passage(row)],
      negatives: [passage(row + 1), passage(row + 4), passage(row + 6)],
    });
  await writer.close();
}

async function lossesOf(folder: string, run: string, steps: number, settings: Settings): Promise<number[]> {
  const values = {
    'training.steps': steps,
    'training.queriesPerPool': 8,
    'schedule.warmupSteps': 1,
    'evaluation.tasks': '[]',
  };
  const set = Object.entries(values).flatMap(([path, value]) => ['--set', `${path}=${value}`]);
  const args = ['--base', join(folder, 'demo-base'), '--recipe', 'demo', '--data', join(folder, 'train.arrow')];
  const place = join(folder, `training-${run}`);
  mkdirSync(place);
  const { code, errors } = await runNode([command, ...args, '--run', run, ...set], settings, place);
  if (code !== 0) throw new Error(`npm run train failed: ${errors.trim().split('\n').slice(-3).join(' ')}`);
  return readFileSync(join(place, 'checkpoints/runs', run, 'log.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { event: string; loss: number })
    .flatMap(({ event, loss }) => (event === 'step' ? [loss] : []));
}
