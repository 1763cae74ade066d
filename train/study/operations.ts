import type { BaseShape } from '../../configs/load/baseFile.js';
import type { RunConfig } from '../../configs/schema.js';
import type { Task } from '../../eval/tasks/task.js';
import { usual } from '../../model/describe/expectedPlan.js';
import { matrixParameters } from '../../model/memory/shapeArithmetic.js';
import { updatesOf } from '../loop/pools.js';
import { taskSize } from './taskSizes.js';

/** Of Qwen2.5's chat template with its default system prompt, and the start of an answer. */
const chatTokens = 35;

/** Operations on numbers that a training and the scoring of its tasks take as a whole; undefined where a size is not known. */
export interface Operations {
  training: number | undefined;
  trainingToken: number;
  encoding: number | undefined;
}

/** @param rows  of the training data */
export async function operationsOf(
  shape: BaseShape,
  config: RunConfig,
  rows: number | undefined,
  tasks: readonly Task[],
): Promise<Operations> {
  const numbers = matrixParameters(shape);
  const { queriesPerPool, passagesPerQuery, poolsPerUpdate, steps } = config.training;
  const updates = rows === undefined ? steps : updatesOf(config, rows);
  const poolTokens =
    queriesPerPool * usual.query +
    queriesPerPool * passagesPerQuery * Math.min(usual.passage, config.contract.passageMaxLength);
  // Two operations a number forward; training goes forward again for the gradient, and back through the inputs.
  const trainingToken = 6 * numbers;
  const training = updates === undefined ? undefined : updates * poolsPerUpdate * poolTokens * trainingToken;
  const tokens = await tokensOf(tasks, config.contract);
  return {
    training,
    trainingToken,
    encoding: tokens === undefined ? undefined : tokens * 2 * numbers,
  };
}

/** Tokens of all texts of the tasks; a corpus that several share is encoded once. */
async function tokensOf(tasks: readonly Task[], contract: RunConfig['contract']): Promise<number | undefined> {
  const corpora = new Set<string>();
  const { passageMaxLength, passageSuffix, querySuffix, chatTemplate } = contract;
  // What is put around a text, at four characters a token, comes on top of its own length.
  const around = (suffix: string) => suffix.length / 4 + (chatTemplate ? chatTokens : 0);
  let total = 0;
  for (const task of tasks) {
    const size = await taskSize(task);
    if (!size) return undefined;
    total += size.queries * (usual.query + around(querySuffix));
    if (!corpora.has(task.folder))
      total += size.documents * (Math.min(size.tokens, passageMaxLength) + around(passageSuffix));
    corpora.add(task.folder);
  }
  return total;
}
