import { copyFileSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createExampleWriter } from '../data/arrow/writeExamples.js';
import { writeBeir } from '../data/task/beir.js';
import type { Example, Passage } from '../data/example/example.js';
import { freshDecoder } from '../train/pretrain/demoDecoder.js';
import { writeDecoder } from '../train/pretrain/pretrain.js';
import { startEngine } from '../model/engine/startEngine.js';
import { tf } from '../model/engine/tf.js';

/** A folder with all that a run of a few seconds needs: `base`, `train.arrow`, `tasks/animals`. */
export async function makeTinyRun(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tercet-run-'));
  await writeTinyBase(join(folder, 'base'));
  await writeExamples(join(folder, 'train.arrow'));
  await writeBeir(join(folder, 'tasks/animals'), 'test', {
    corpus: animals.map(passage),
    queries: animals.map((name, index) => ({ id: `q${index}`, text: `what is a ${name}` })),
    qrels: new Map(animals.map((name, index) => [`q${index}`, new Map([[`p-${name}`, 1]])])),
  });
  return folder;
}

/** Settings of a run of twelve small updates, with dropout and accumulation so that resuming has something to get wrong. */
export const tinySettings = [
  ...['--recipe', 'demo', '--set', 'evaluation.tasks=[]', '--set', 'training.steps=12'],
  ...['--set', 'training.saveEverySteps=3', '--set', 'training.queriesPerPool=4', '--set', 'training.poolsPerUpdate=2'],
  ...['--set', 'training.passagesPerQuery=3', '--set', 'optimizer.learningRate=2e-3'],
  ...['--set', 'lora.dropout=0.1', '--set', 'training.shuffleWindow=16', '--set', 'schedule.warmupSteps=2'],
];

const animals = ['cat', 'dog', 'cow', 'owl', 'bee', 'ant', 'elk', 'hen', 'rat', 'yak', 'eel', 'fox'];

const passage = (name: string): Passage => ({ id: `p-${name}`, title: name, text: `The ${name} is an animal.` });

/** Random weights, the demonstration's tokenizer. */
export async function writeTinyBase(folder: string): Promise<void> {
  await startEngine();
  const decoder = freshDecoder(
    {
      vocabularySize: 4096,
      hidden: 32,
      intermediate: 48,
      layers: 2,
      heads: 4,
      kvHeads: 2,
      headDim: 8,
      ropeTheta: 10_000,
      normEpsilon: 1e-6,
    },
    1,
  );
  mkdirSync(folder, { recursive: true });
  await writeDecoder(folder, decoder, 4093);
  tf.dispose([...decoder.parameters.values()]);
  for (const name of ['tokenizer.json', 'tokenizer_config.json'])
    copyFileSync(fileURLToPath(new URL(`../configs/bases/demo/${name}`, import.meta.url)), join(folder, name));
}

async function writeExamples(file: string): Promise<void> {
  const writer = await createExampleWriter(file, { rowsPerBatch: 8 });
  for (let row = 0; row < 40; row++) await writer.write(example(row));
  await writer.close();
}

function example(row: number): Example {
  const at = (offset: number) => passage(animals[(row + offset) % animals.length]!);
  return {
    id: `row-${row}`,
    query: `tell me of the ${at(0).title} ${row}`,
    positives: [at(0)],
    negatives: [at(1), at(5), at(7)],
  };
}
