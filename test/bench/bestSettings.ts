import { seconds } from './result.js';
import { makeAdapter, makePool, withLayers, writeInput, type Setting } from './setting.js';
import { startPython } from './workerProcess.js';

/** How the other side is told to train. */
export interface TrainChoice {
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
  const start: TrainChoice = { order, miniBatch: 8, attention: 'sdpa', adapters: 'bfloat16', checkpointing: false };
  const changes: Partial<TrainChoice>[][] = [
    sizes.map((miniBatch) => ({ miniBatch })),
    [{ attention: 'eager' }],
    precision === 'bfloat16' ? [{ adapters: 'float32' }, { adapters: 'autocast' }] : [],
    [{ checkpointing: true }],
  ];
  return await searchSettings(start, changes, tell, async (choice) => {
    const worker = startPython(python);
    try {
      await worker.ask('open', { base, precision, adapter, ...choice });
      return await bestOf(() => worker.ask('train', { pool: file, plan, ...choice }));
    } finally {
      await worker.close();
    }
  });
}

/** The fastest setting of the other side's encoding. */
export async function bestEncoding(whole: Setting, python: string, tell: Tell) {
  const setting = await withFewLayers(whole);
  const { base, precision, passages, batchTokens } = setting;
  const texts = writeInput('passages-for-search', setting.texts.texts('passage', Math.min(passages, 512)));
  const changes = [[16, 32, 64, 128].map((batchSize) => ({ batchSize })), [{ attention: 'eager' }]];
  return await searchSettings({ batchSize: 32, attention: 'sdpa' }, changes, tell, async (choice) => {
    const worker = startPython(python);
    try {
      await worker.ask('open', { base, precision, ...choice });
      return await bestOf(() => worker.ask('encode', { texts, chunkTokens: batchTokens, ...choice }));
    } finally {
      await worker.close();
    }
  });
}

async function searchSettings<Choice extends object>(
  start: Choice,
  changes: Partial<Choice>[][],
  tell: Tell,
  time: (choice: Choice) => Promise<number>,
): Promise<{ choice: Choice; trials: Trial[] }> {
  const trials: Trial[] = [];
  let [best, bestSeconds] = [start, Infinity];
  for (const group of changes) {
    const from = best;
    for (const change of group) {
      const choice = { ...from, ...change };
      const took = await time(choice);
      tell(`python, ${JSON.stringify(choice)}: ${seconds(took)}`);
      trials.push({ choice, seconds: took });
      if (took < bestSeconds) [best, bestSeconds] = [choice, took];
    }
  }
  return { choice: best, trials };
}

/** After one run that warms up. */
async function bestOf(run: () => Promise<{ seconds: number }>): Promise<number> {
  await run();
  return Math.min((await run()).seconds, (await run()).seconds);
}

const withFewLayers = (setting: Setting) => withLayers(setting, Math.min(searchLayers, setting.config.layers));
