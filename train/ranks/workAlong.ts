import { unkeptLog } from '../../checkpoints/run/log.js';
import { startTokenizerThreads } from '../../data/tokenizer/threads.js';
import type { Collective } from '../../model/engine/ranks/collective.js';
import type { Engine } from '../../model/engine/startEngine.js';
import { disposeModel } from '../../model/layer/decoder.js';
import { attachAdapter } from '../../model/layer/lora.js';
import { trainRun } from '../loop/trainRun.js';
import { watchInterruption } from '../processes/watchInterruption.js';
import { openSharedRun } from './shareRun.js';

const unseen = { onUpdate: () => {}, onScoring: () => {}, onScores: () => {} };

/** What rank 0 tells the others when all is done. */
export type SharedEnd = 'done' | 'interrupted';

/**
 * All that a rank but the first does of a run: the updates, together with the others. It writes nothing. It then waits
 * for rank 0, which exports and scores alone.
 * @param warn  told warnings
 */
export async function workAlong(
  collective: Collective,
  engine: Engine,
  warn: (text: string) => void,
): Promise<SharedEnd> {
  const opened = await openSharedRun(collective, engine);
  const { model, adapter, files, caches, contract, record, warnings } = opened;
  for (const warning of warnings) warn(warning);
  const threads = await startTokenizerThreads(record.base.folder, contract, record.settings.training.tokenizerThreads);
  const interruption = watchInterruption(() => {});
  const log = unkeptLog(warn);
  const events = { scalar: () => {}, flush: () => {} };
  try {
    const parameters = attachAdapter(model, adapter);
    await trainRun({ ...opened, parameters, threads, log, events, collective }, interruption.isAsked, unseen);
  } finally {
    interruption.stop(); // a signal now ends this process, which waits
    await threads.close();
    for (const file of files) await file.close();
    for (const cache of caches) await cache?.close();
    disposeModel(model);
  }
  return collective.tell('')[0] as SharedEnd;
}
