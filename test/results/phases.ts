import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describeMachine } from '../../model/machine.js';
import { makeBase } from './base/makeBase.js';
import { partSample } from './sample.js';
import { writeTaskFiles } from './tasks.js';

const data = resolve(process.env['ORACLES'] ?? '../shared/data');
const sample = join(data, 'msmarco/train_sample/train.tevatron.jsonl');
const workFolder = resolve('test/results/.work');

/** A file or folder among what the result table is made with. */
export const inWork = (name: string) => join(workFolder, name);

export const recipe = resolve('test/results/recipe.yaml');
const trainFile = inWork('train.arrow');

/**
 * Make a base of the lower layers of SmolLM2-135M-Instruct, the tasks, and the training file; what is there is not made again.
 * @returns the folder of the base
 */
export async function prepare(layers: number): Promise<string> {
  if (!existsSync(sample)) {
    console.error(`${sample} is not there; name the folder above msmarco by ORACLES`);
    process.exit(2);
  }
  const base = baseOf(layers);
  mkdirSync(workFolder, { recursive: true });
  start(['setup.mjs']);
  writeTaskFiles(workFolder, data);
  if (!existsSync(base)) await makeBase(base, layers);
  if (!existsSync(inWork('train.jsonl'))) await partSample(sample, inWork('train.jsonl'), inWork('held-out'));
  phase('import', trainFile, 'data/command.ts', ['import', inWork('train.jsonl'), '--output', trainFile]);
  return base;
}

export const baseOf = (layers: number): string => inWork(`smollm2-135m-${layers}-layers`);

/** Hard negatives from the first fifty ranks of a retriever. @returns the file */
export function mined(by: string, words: readonly string[]): string {
  const file = inWork(`mined-${by}.arrow`);
  const ranks = ['--negatives', '8', '--to-rank', '50'];
  phase(`mine by ${by}`, file, 'data/command.ts', ['mine', trainFile, '--output', file, ...ranks, ...words]);
  return file;
}

/** Run a command of the product where what it makes is not there. What it took is noted, of each of its starts. */
export function phase(name: string, makes: string, command: string, words: readonly string[]): void {
  runPhase(name, makes, [process.execPath, 'setup/start/start.mjs', command, ...words]);
}

/** As `phase`, for any program. */
export function runPhase(name: string, makes: string, [program, ...words]: string[]): void {
  if (existsSync(makes)) return;
  console.error(`${new Date().toISOString().slice(0, 19)} ${name}`);
  const startMs = Date.now();
  // Where the engine has been started here, descriptor 2 leads into memory.
  const { status } = spawnSync(program!, words, { stdio: ['inherit', 'inherit', 1] });
  const { processor, threads } = describeMachine('.');
  const took = { name, makes, seconds: (Date.now() - startMs) / 1000, status, processor, threads };
  appendFileSync(inWork('phases.jsonl'), `${JSON.stringify(took)}\n`);
  if (status !== 0) process.exit(status ?? 1);
}

/** Run a script to its end; where it fails, this one ends as it did. */
function start(words: readonly string[]): void {
  const { status } = spawnSync(process.execPath, words, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
