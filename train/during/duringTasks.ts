import type { RunConfig } from '../../configs/schema.js';
import { readTask, taskHash, type RetrievalTask } from '../../data/task/readTask.js';
import { sampleTask } from '../../data/task/sampleTask.js';
import { judgedOn } from '../../eval/score/judgedOn.js';
import { requireTaskData, type Task } from '../../eval/tasks/task.js';
import { loadTaskList } from '../../eval/tasks/taskList.js';

/** A task that an adapter is scored on while it is trained, or the sample of it that stands for it. */
export interface DuringTask {
  task: Task;
  data: RetrievalTask;
  scoredOn: ScoredOn;
}

/** What a score while training is of; it stands beside the score wherever that stands. */
export interface ScoredOn {
  task: string;
  isSample: boolean;
  /** Of corpus, queries and judgements, as `judgedOn` tells it. */
  hash: string;
  queries: number;
  documents: number;
}

/** The tasks that settings name for scoring while training. @throws UserError where one is not found */
export const namedDuring = ({ evaluation: { duringTasks = [], tasksDir } }: RunConfig): Task[] =>
  loadTaskList(duringTasks, tasksDir).tasks;

/** Read these tasks, or draw their samples. @throws UserError when the data of one is missing or damaged */
export async function openDuring(settings: RunConfig): Promise<DuringTask[]> {
  const { sampleQueries: queries, sampleDocuments: documents } = settings.evaluation;
  const opened: DuringTask[] = [];
  for (const task of namedDuring(settings)) {
    requireTaskData(task);
    const whole = await readTask(task.folder, task.split, task);
    const data = await sampleTask(whole, { queries, documents });
    const scoredOn = {
      ...{ task: task.name, isSample: data !== whole, hash: judgedOn({ ...task, taskHash: taskHash(data) }) },
      ...{ queries: data.queries.length, documents: data.corpus.ids.size },
    };
    opened.push({ task, data, scoredOn });
  }
  return opened;
}

/** What a score while training is of, in few words: a sample bears its hash, and so is never taken for its task. */
export const shortName = ({ task, isSample, hash }: ScoredOn): string =>
  isSample ? `${task} sample ${hash.slice(0, 8)}` : task;

/** The same in full. */
export const longName = (on: ScoredOn): string =>
  on.isSample ? `${shortName(on)} (${on.queries} queries, ${on.documents} documents)` : on.task;
