import { stopSignals } from '../configs/stopSignals.js';
import { openRunLog, truncateLog } from '../checkpoints/run/log.js';
import { openEventFile } from '../checkpoints/run/tensorboard.js';
import { existsSync } from 'node:fs';
import { startTokenizerThreads } from '../data/tokenizer/threads.js';
import { withAverages } from '../eval/score/averages.js';
import { modelEncoder } from '../eval/encoder/encoder.js';
import type { AdapterProof } from '../eval/encoder/proveAdapter.js';
import { loadTaskList } from '../eval/tasks/taskList.js';
import { disposeModel } from '../model/layer/decoder.js';
import { attachAdapter } from '../model/layer/lora.js';
import { evaluateRun } from './finish/evaluateRun.js';
import { exportAdapter } from './finish/exportAdapter.js';
import type { FinishedRun } from './finish/runReport.js';
import type { OpenTraining } from './loop/openTraining.js';
import { trainRun, type UpdateReport } from './loop/trainRun.js';

/** What is told while a run is worked through. */
export interface Screen {
  onUpdate(report: UpdateReport): void;
  onProof(proof: AdapterProof): void;
  onEvaluation(model: string, task: string, done: number, all: number): void;
  onInterrupt(): void;
}

/** A run that reached its end, or the update after which it was interrupted. */
export type Outcome = { interruptedAfter: number } | FinishedRun;

/**
 * All of a run that is left: the updates, the export with its proof, the evaluation. A signal to stop ends it
 * with the state after the last whole update saved; a second signal ends the process at once.
 */
export async function workThrough(opened: OpenTraining, screen: Screen): Promise<Outcome> {
  const { model, adapter, files, caches, contract, record, paths, plan, engine, from, warnings } = opened;
  const startMs = Date.now();
  if (existsSync(paths.log)) await truncateLog(paths.log, from?.step ?? 0);
  const log = openRunLog(paths.log);
  const events = openEventFile(paths.tensorboard, Date.now, (from?.step ?? 0) + 1);
  for (const text of warnings) log.log.warn('warning', { text });
  const threads = await startTokenizerThreads(record.base.folder, contract, record.settings.training.tokenizerThreads);
  const interruption = watchSignals(screen.onInterrupt);
  try {
    const parameters = attachAdapter(model, adapter);
    const training = { model, parameters, files, caches, threads, record, paths, plan, engine, log, events, from };
    let last = from?.step ?? 0;
    const isDone = await trainRun(training, interruption.isAsked, (report) => {
      last = report.update;
      screen.onUpdate(report);
    });
    if (!isDone || interruption.isAsked()) return { interruptedAfter: last };
    const encoder = modelEncoder(`run:${paths.name}`, model, threads, contract, record.settings.evaluation.batchTokens);
    interruption.endAtOnce(); // from here on nothing is lost
    const proof = await exportAdapter(paths, model, parameters, adapter, contract, encoder);
    screen.onProof(proof);
    const { tasks: names, tasksDir } = record.settings.evaluation;
    const { nodes, tasks } = loadTaskList(names, tasksDir);
    const dense = {
      cacheBytes: record.settings.evaluation.cacheGigabytes * 1e9,
      warn: (text: string) => log.log.warn('warning', { text }),
    };
    const scores = await evaluateRun(tasks, paths, record.base.name, model, encoder, dense, screen.onEvaluation);
    const results = withAverages(nodes, scores);
    for (const { task, model: name, metrics } of results)
      log.log.info('eval', { step: record.updates, task, model: name, ...metrics });
    const seconds = (Date.now() - startMs) / 1000;
    const peakMegabytes = Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
    log.log.info('end', { step: record.updates, seconds, peakMegabytes });
    log.check();
    return { proof, results, seconds };
  } finally {
    interruption.stop();
    events.close();
    log.close();
    await threads.close();
    for (const file of files) await file.close();
    for (const cache of caches) await cache?.close();
    disposeModel(model);
    opened.lock.release();
  }
}

/** A terminal and npm may both pass on one Ctrl-C; what comes so soon after the first signal is no second one. */
const oneSignalMs = 1000;

function watchSignals(onFirst: () => void) {
  let askedMs: number | undefined;
  let atOnce = false;
  const listener = () => {
    if (atOnce || (askedMs !== undefined && Date.now() - askedMs > oneSignalMs)) process.exit(130);
    if (askedMs !== undefined) return;
    askedMs = Date.now();
    onFirst();
  };
  for (const signal of stopSignals) process.on(signal, listener);
  return {
    isAsked: () => askedMs !== undefined,
    endAtOnce: () => (atOnce = true),
    stop: () => stopSignals.forEach((signal) => process.off(signal, listener)),
  };
}
