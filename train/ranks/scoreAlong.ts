import { GivenUp } from '../step/givenUp.js';
import type { TokenizerThreads } from '../../data/tokenizer/threads.js';
import { modelEncoder } from '../../eval/encoder/encoder.js';
import { loadTaskList } from '../../eval/tasks/taskList.js';
import { attachAdapter } from '../../model/layer/lora.js';
import { bestAdapter } from '../during/bestState.js';
import { embedForRun } from '../finish/evaluateRun.js';
import type { SharedRun } from './shareRun.js';

/**
 * Encode along with rank 0, which scores the trained adapter and its base on this machine: what each makes is kept where
 * all of them find it. Where that is not to be, rank 0 does it alone.
 * @param last      update that this rank made
 * @param exported  update whose adapter is scored
 * @param isAsked   whether it is to stop: what is done by then is kept
 * @param warn      told why it could not go on
 */
export async function scoreAlong(
  { model, images, adapter, contract, record, paths }: SharedRun,
  threads: TokenizerThreads,
  last: number,
  exported: number,
  isAsked: () => boolean,
  warn: (text: string) => void,
): Promise<void> {
  const { tasks: names, tasksDir, batchTokens, cacheGigabytes } = record.settings.evaluation;
  const given = () => (isAsked() ? new GivenUp() : undefined);
  try {
    if (exported !== last) attachAdapter(model, await bestAdapter(paths.state, exported, adapter));
    const options = { given, reader: images?.reader }; // with one its embeddings are kept under another name
    const encoder = modelEncoder(`run:${paths.name}`, model, threads, contract, batchTokens, options);
    const { tasks } = loadTaskList(names, tasksDir);
    await embedForRun(tasks, paths, record.base.name, model, encoder, { cacheBytes: cacheGigabytes * 1e9 });
  } catch (error) {
    if (error instanceof GivenUp) return;
    warn(`it takes no further part in scoring, which the others do: ${(error as Error).message.split('\n')[0]}`);
  }
}
