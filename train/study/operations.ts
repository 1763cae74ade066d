import type { BaseShape } from '../../configs/load/baseFile.js';
import type { RunConfig } from '../../configs/schema.js';
import type { SampleSize } from '../../data/task/sampleTask.js';
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
  /** Of all scorings while training. */
  during: number | undefined;
  encoding: number | undefined;
}

/** Tasks that are scored after training, and while training. */
export interface ScoredTasks {
  tasks: readonly Task[];
  during: readonly Task[];
}

/** @param rows  of the training data */
export async function operationsOf(
  shape: BaseShape,
  config: RunConfig,
  rows: number | undefined,
  { tasks, during }: ScoredTasks,
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
  const { everySteps, sampleQueries, sampleDocuments } = config.evaluation;
  // Each task has a sample of its own: none shares the passages of another.
  const sampled = await Promise.all(
    during.map((task) => tokensOf([task], config.contract, { queries: sampleQueries, documents: sampleDocuments })),
  );
  const scorings = updates === undefined || everySteps === undefined ? undefined : Math.ceil(updates / everySteps);
  const ofScoring = sampled.reduce<number | undefined>(
    (sum, count) => (sum === undefined || count === undefined ? undefined : sum + count),
    0,
  );
  return {
    training,
    trainingToken,
    during: during.length === 0 ? 0 : scorings && ofScoring && scorings * ofScoring * 2 * numbers,
    encoding: tokens === undefined ? undefined : tokens * 2 * numbers,
  };
}

/**
 * Tokens of all texts of the tasks; a corpus that several share is encoded once.
 * @param most  queries and documents of each
 */
async function tokensOf(
  tasks: readonly Task[],
  contract: RunConfig['contract'],
  { queries = Infinity, documents = Infinity }: SampleSize = {},
): Promise<number | undefined> {
  const corpora = new Set<string>();
  const { passageMaxLength, passageSuffix, querySuffix, chatTemplate } = contract;
  // What is put around a text, at four characters a token, comes on top of its own length.
  const around = (suffix: string) => suffix.length / 4 + (chatTemplate ? chatTokens : 0);
  let total = 0;
  for (const task of tasks) {
    const size = await taskSize(task);
    if (!size) return undefined;
    total += Math.min(size.queries, queries) * (usual.query + around(querySuffix));
    if (!corpora.has(task.folder))
      total += Math.min(size.documents, documents) * (Math.min(size.tokens, passageMaxLength) + around(passageSuffix));
    corpora.add(task.folder);
  }
  return total;
}
