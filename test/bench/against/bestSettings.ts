import type { Precision } from '../../../configs/contract.js';
import { megabytes, seconds } from '../report/result.js';
import { makeAdapter, makePool, withLayers, writeInput, type Setting } from '../setting/setting.js';
import { startPython, type WorkerProcess } from '../worker/workerProcess.js';

/** How the other side is told to train. */
export interface TrainChoice {
  /** Of its weights: a base in bfloat16 may be cast, for many processors multiply float32 faster. */
  precision: Precision;
  order: 'pool' | 'sorted';
  miniBatch: number;
  attention: 'sdpa' | 'eager';
  adapters: 'bfloat16' | 'float32' | 'autocast';
  checkpointing: boolean;
}

/** A try of the other side, for the record. */
export interface Trial {
  choice: object;
  seconds: number;
  /** The most memory of its process, in bytes, on the few layers of the search. */
  peak: number;
}

/** Layers of the base that the search uses. */
const searchLayers = 2;

/** Passages a query in the search: every setting works on one column of passages after the other. */
const searchPassages = 6;

type Tell = (line: string) => void;

/** The fastest setting of the other side's training: one thing is changed after the other, and the better value kept. */
export async function bestTraining(whole: Setting, python: string, order: TrainChoice['order'], tell: Tell) {
  const setting = await withFewLayers(whole);
  const { queries, passagesPerQuery } = setting.pool;
  const { file } = makePool(setting, { queries, passagesPerQuery: Math.min(passagesPerQuery, searchPassages) });
  const adapter = await makeAdapter(setting);
  const { base, precision, plan } = setting;
  // Mini-batches of the stock loss end with a column, so beyond its rows they are all alike.
  const rows = order === 'sorted' ? Infinity : setting.pool.queries;
  const sizes = [8, 16, 32, 64].filter((size, place) => place === 0 || size / 2 < rows);
  const usual = { miniBatch: 8, attention: 'sdpa', adapters: 'bfloat16', checkpointing: false } as const;
  const start: TrainChoice = { precision, order, ...usual };
  const changes: Change<TrainChoice>[] = [
    () => precisionsOf(precision),
    ({ miniBatch }) => sizes.filter((size) => size !== miniBatch).map((miniBatch) => ({ miniBatch })),
    () => [{ attention: 'eager' }],
    ({ precision }) => (precision === 'bfloat16' ? [{ adapters: 'float32' }, { adapters: 'autocast' }] : []),
    () => [{ checkpointing: true }],
  ];
  return await searchSettings(start, changes, tell, async (choice) => {
    const worker = startPython(python);
    try {
      await worker.ask('open', { base, adapter, ...choice });
      return await bestOf(worker, () => worker.ask('train', { pool: file, plan, ...choice }));
    } finally {
      await worker.close();
    }
  });
}

/** The fastest setting of the other side's encoding. */
export async function bestEncoding(whole: Setting, python: string, tell: Tell) {
  const setting = await withFewLayers(whole);
  const { base, precision, passages, batchTokens } = setting;
  const texts = writeInput('passages-for-search', setting.texts.texts('passage', Math.min(passages, 256)));
  const start = { precision, batchSize: 32, attention: 'sdpa' };
  const changes: Change<typeof start>[] = [
    () => precisionsOf(precision),
    () => [16, 64, 128].map((batchSize) => ({ batchSize })),
    () => [{ attention: 'eager' }],
  ];
  return await searchSettings(start, changes, tell, async (choice) => {
    const worker = startPython(python);
    try {
      await worker.ask('open', { base, ...choice });
      return await bestOf(worker, () => worker.ask('encode', { texts, chunkTokens: batchTokens, ...choice }));
    } finally {
      await worker.close();
    }
  });
}

/** What to try, from the best that was found so far. */
type Change<Choice> = (best: Choice) => Partial<Choice>[];

const precisionsOf = (precision: Precision): { precision: Precision }[] =>
  precision === 'float32' ? [{ precision }] : [{ precision }, { precision: 'float32' }];

async function searchSettings<Choice extends object>(
  start: Choice,
  changes: Change<Choice>[],
  tell: Tell,
  time: (choice: Choice) => Promise<Omit<Trial, 'choice'>>,
): Promise<{ choice: Choice; trials: Trial[] }> {
  const trials: Trial[] = [];
  let [best, bestSeconds] = [start, Infinity];
  for (const group of changes) {
    const from = best;
    for (const change of group(from)) {
      const choice = { ...from, ...change };
      const trial = { choice, ...(await time(choice)) };
      tell(`python, ${JSON.stringify(choice)}: ${seconds(trial.seconds)}, ${megabytes(trial.peak)}`);
      trials.push(trial);
      if (trial.seconds < bestSeconds) [best, bestSeconds] = [choice, trial.seconds];
    }
  }
  return { choice: best, trials };
}

/** After one run that warms up. */
async function bestOf(worker: WorkerProcess, run: () => Promise<{ seconds: number }>) {
  await worker.ask('memory', { reset: true });
  await run();
  const seconds = Math.min((await run()).seconds, (await run()).seconds);
  return { seconds, peak: (await worker.ask('memory', { reset: false })).peak };
}

const withFewLayers = (setting: Setting) => withLayers(setting, Math.min(searchLayers, setting.config.layers));
