import { openRunLog, truncateLog } from '../checkpoints/run/log.js';
import { openEventFile } from '../checkpoints/run/tensorboard.js';
import { existsSync } from 'node:fs';
import { startTokenizerThreads } from '../data/tokenizer/threads.js';
import { withAverages } from '../eval/score/averages.js';
import type { AdapterProof } from '../eval/encoder/proveAdapter.js';
import { loadTaskList } from '../eval/tasks/taskList.js';
import { alone } from '../model/engine/ranks/collective.js';
import { attachAdapter, type Parameters } from '../model/layer/lora.js';
import { evaluateRun } from './finish/evaluateRun.js';
import { exportAdapter } from './finish/exportAdapter.js';
import type { FinishedRun } from './finish/runReport.js';
import { closeInputs } from './loop/open/inputs.js';
import type { OpenTraining } from './loop/open/openTraining.js';
import { bestAdapter } from './during/bestState.js';
import { runEncoder } from './during/runEncoder.js';
import { trainRun, type TrainingScreen } from './loop/trainRun.js';
import { watchInterruption } from './processes/watchInterruption.js';
import type { Hello } from '../model/ranks/hello.js';
import { shareRun } from './ranks/shareRun.js';
import { shareScoring } from './ranks/workAlong.js';

/** What is told while a run is worked through. */
export interface Screen extends TrainingScreen {
  onTrained(): void;
  onProof(proof: AdapterProof): void;
  onEvaluation(model: string, task: string, done: number, all: number): void;
  /** Of the evaluation. */
  onWarning(text: string): void;
  onInterrupt(): void;
}

/** A run that reached its end, or the update after which it was interrupted. */
export type Outcome = { interruptedAfter: number } | FinishedRun;

/**
 * All of a run that is left: the updates, the export with its proof, the evaluation. A signal to stop ends it
 * with the state after the last whole update saved; a second signal ends the process at once.
 * @param collective  of the ranks that make the updates together; this is the first of them, which does all else alone
 * @param hellos      what they said of themselves
 */
export async function workThrough(
  opened: OpenTraining,
  screen: Screen,
  collective = alone,
  hellos: readonly Hello[] = [],
): Promise<Outcome> {
  const { model, images, adapter, files, caches, contract, record, paths, plan, engine, from, warnings } = opened;
  const startMs = Date.now();
  if (existsSync(paths.log)) await truncateLog(paths.log, from?.step ?? 0);
  const log = openRunLog(paths.log);
  const events = openEventFile(paths.tensorboard, Date.now, (from?.step ?? 0) + 1);
  for (const text of warnings) log.log.warn('warning', { text });
  if (hellos.length > 1) log.log.info('ranks', { ranks: hellos.map(({ host, engine }) => ({ host, engine })) });
  const threads = await startTokenizerThreads(record.base.folder, contract, record.settings.training.tokenizerThreads);
  const interruption = watchInterruption(screen.onInterrupt);
  try {
    shareRun(collective, opened);
    const parameters = attachAdapter(model, adapter);
    const made = { model, images, parameters, files, caches, threads, contract, during: opened.during };
    const training = { ...made, record, paths, plan, engine, log, events, from, collective };
    const { isDone, last, standing } = await trainRun(training, interruption.isAsked, screen);
    if (!isDone || interruption.isAsked()) return { interruptedAfter: last };
    screen.onTrained();
    const best = record.settings.training.keepBest ? standing.best : undefined;
    const exported = best?.update ?? last;
    const trained = exported === last ? parameters : await attachBest(opened, exported);
    const { batchTokens } = record.settings.evaluation;
    const encoder = runEncoder(opened, threads, batchTokens);
    interruption.stop(); // from here on nothing of the training is lost
    const proof = await exportAdapter(paths, model, trained, adapter, contract, encoder);
    screen.onProof(proof);
    shareScoring(collective, exported);
    const { tasks: names, tasksDir } = record.settings.evaluation;
    const { nodes, tasks } = loadTaskList(names, tasksDir);
    const dense = {
      cacheBytes: record.settings.evaluation.cacheGigabytes * 1e9,
      warn: (text: string) => {
        log.log.warn('warning', { text });
        screen.onWarning(text);
      },
    };
    const scores = await evaluateRun(tasks, paths, record.base.name, model, encoder, dense, screen.onEvaluation);
    const results = withAverages(nodes, scores);
    for (const { task, model: name, metrics } of results)
      log.log.info('eval', { step: exported, task, model: name, ...metrics });
    const seconds = (Date.now() - startMs) / 1000;
    const peakMegabytes = Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
    const early = last < record.updates && { stoppedEarly: true };
    log.log.info('end', { step: last, ...early, ...(best && { exported }), seconds, peakMegabytes });
    log.check();
    return { proof, results, seconds, last, best };
  } finally {
    interruption.stop();
    events.close();
    log.close();
    await threads.close();
    await closeInputs(opened);
    opened.lock.release();
  }
}

/** Put the adapter that scored best in the place of the last one. */
async function attachBest({ model, adapter, paths }: OpenTraining, update: number): Promise<Parameters> {
  return attachAdapter(model, await bestAdapter(paths.state, update, adapter));
}
