import { appendFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeAdapter } from '../../../checkpoints/adapter/adapter.js';
import { openBaseFolder } from '../../../checkpoints/base/baseFolder.js';
import type { Contract } from '../../../configs/contract.js';
import type { RunConfig } from '../../../configs/schema.js';
import { composePool } from '../../../data/stream/pool.js';
import { streamRows } from '../../../data/stream/streamRows.js';
import type { PlacedExample } from '../../../data/stream/shuffle.js';
import { startTokenizerThreads, type TokenizerThreads } from '../../../data/tokenizer/threads.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { disposeModel } from '../../../model/layer/decoder.js';
import { freshAdapter } from '../../../model/layer/lora.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { openFiles } from '../../../train/loop/open/openData.js';
import { rateShare } from '../../../train/step/update/schedule.js';

/** What a run of tercet is made from. */
interface Start {
  base: string;
  data: string;
  config: RunConfig;
  updates: number;
  contract: Contract;
}

/**
 * Write what another program needs to make the same updates: the adapter that the run starts from, and a line for each
 * update with its rate, its temperature, and the token ids of its pool: queries, and of each its passages, the positive first.
 */
export async function writeStart(
  { base, data, config, updates, contract }: Start,
  adapter: string,
  pools: string,
): Promise<void> {
  await mkdir(dirname(pools), { recursive: true });
  await startEngine();
  const model = await loadModel(base, 'float32');
  const { weightsHash } = await openBaseFolder(base);
  const fresh = { ...freshAdapter(model, config.lora, config.seed), base, weightsHash };
  await writeAdapter(adapter, fresh, { contract });
  disposeModel(model);

  const files = await openFiles([data]);
  const threads = await startTokenizerThreads(base, contract, 2);
  const { queriesPerPool, shuffleWindow } = config.training;
  const partial = `${pools}.partial`;
  await rm(partial, { force: true });
  const rows = streamRows(files, { seed: config.seed, windowRows: shuffleWindow });
  let placed: PlacedExample[] = [];
  let update = 0;
  for await (const row of rows) {
    placed.push(row);
    if (placed.length < queriesPerPool) continue;
    update++;
    const rate = config.optimizer.learningRate * rateShare(config.schedule, update, updates);
    const pool = await tokensOf(placed, config, threads);
    await appendFile(partial, `${JSON.stringify({ rate, temperature: config.loss.temperature, ...pool })}\n`);
    placed = [];
    if (update === updates) break;
  }
  await threads.close();
  for (const file of files) await file.close();
  await rename(partial, pools);
}

/** Each query as a pool of its own, so that passages that several bring stand with each of them. */
async function tokensOf(placed: PlacedExample[], { seed, training, loss }: RunConfig, threads: TokenizerThreads) {
  const { passagesPerQuery } = training;
  const options = { passagesPerQuery, seed, maskRelevant: loss.maskRelevant };
  const alone = placed.map((one) => composePool([one], options));
  if (alone.some((pool) => pool.passages.length !== passagesPerQuery))
    throw new Error('a query brings a passage twice');
  const tokens = async (kind: 'query' | 'passage', texts: Parameters<TokenizerThreads['tokenize']>[1]) =>
    (await threads.tokenize(kind, texts)).map((ids) => [...ids]);
  const queries = await tokens(
    'query',
    alone.flatMap((pool) => pool.queries),
  );
  const all = await tokens(
    'passage',
    alone.flatMap((pool) => pool.passages),
  );
  const passages = placed.map((_, query) => all.slice(query * passagesPerQuery, (query + 1) * passagesPerQuery));
  return { queries, passages };
}
