import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../configs/load/loadConfig.js';
import { resolveBase } from '../../configs/load/resolveBase.js';
import { fetchBase } from '../../checkpoints/hub/fetchBase.js';
import { openExamples } from '../../data/arrow/openExamples.js';
import { createExampleWriter } from '../../data/arrow/writeExamples.js';
import { fileIdentity } from '../../data/files/fileIdentity.js';
import { makeContract } from '../../data/tokenizer/makeContract.js';
import { seededRandom } from '../../data/random.js';
import { streamRows } from '../../data/stream/streamRows.js';
import { buildTokenCache } from '../../data/tokenCache/buildTokenCache.js';
import { openTokenCache, type TokenCache } from '../../data/tokenCache/openTokenCache.js';
import { tokenCachePlace } from '../../data/tokenCache/tokenCachePlace.js';
import { loadTokenizer } from '../../data/tokenizer/tokenizer.js';
import { startTokenizerThreads } from '../../data/tokenizer/threads.js';
import { tokenPools } from '../../data/stream/tokenPools.js';
import { poolsOf } from '../../train/loop/pools.js';

// How fast training data streams: `node --import tsx test/bench/streaming.ts [ROWS] [POOLS]`. Makes a file of so many
// rows in a temporary folder, goes on at four fifths of it, and turns pools of the study into tokens, without and with
// kept tokens, of a file of 5,000 rows. One line of JSON each.

const [rows = 5_000_000, pools = 60] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'tercet-streaming-'));
const words = Array.from({ length: 4000 }, (_, word) => `word${word.toString(36)}`);
const print = (facts: object) => console.log(JSON.stringify(facts));

/** What a 7B model reads on one H100: 2 x 7.6e9 operations a token forward, three times that with backward, at 40 % of 990 TFLOP/s. */
const neededTokens = (0.4 * 990e12) / (3 * 2 * 7.6e9);

async function write(path: string, count: number, wordsOfText: number, negatives: number): Promise<void> {
  const writer = await createExampleWriter(path);
  const random = seededRandom('bench', count);
  const text = () => Array.from({ length: wordsOfText }, () => words[Math.floor(random() * words.length)]).join(' ');
  const passage = (id: string) => ({ id, title: '', text: text() });
  for (let row = 0; row < count; row++)
    await writer.write({
      id: `${row}`,
      query: `query ${row}`,
      positives: [passage(`p${row}`)],
      negatives: Array.from({ length: negatives }, (_, index) => passage(`n${row}-${index}`)),
    });
  await writer.close();
}

async function resume(): Promise<void> {
  const path = join(folder, 'many.arrow');
  await write(path, rows, 2, 1);
  for (const share of [0.001, 0.8]) {
    const startMs = performance.now();
    const file = await openExamples(path);
    const row = Math.floor(rows * share);
    const from = { epoch: 0, window: Math.floor(row / 16384), row: row % 16384 };
    const stream = streamRows([file], { seed: 42, windowRows: 16384, from });
    await stream.next();
    const seconds = (performance.now() - startMs) / 1000;
    await stream.return(undefined);
    await file.close();
    print({ what: 'resume', rows, at: row, seconds: Number(seconds.toFixed(3)) });
  }
}

async function stream(): Promise<void> {
  const path = join(folder, 'few.arrow');
  await write(path, 5000, 40, 15);
  const file = await openExamples(path);
  const settings = parseConfig({ training: { shuffleWindow: 4096 } });
  const { folder: base } = await fetchBase(resolveBase('demo'), { wanted: 'tokenizer' });
  const tokenizer = await loadTokenizer(base);
  const contract = makeContract(settings, tokenizer, 'bfloat16');
  const threads = await startTokenizerThreads(base, contract, 1, tokenizer);
  const identity = await fileIdentity(path);
  const place = tokenCachePlace(identity, contract, join(folder, 'tokens'));
  await run('tokenizing', []);
  const startMs = performance.now();
  const facts = await buildTokenCache(file, identity, place, threads);
  const seconds = (performance.now() - startMs) / 1000;
  print({
    what: 'keeping tokens',
    tokensPerSecond: Math.round(facts!.tokens / seconds),
    megabytes: facts!.bytes / 1e6,
  });
  const cache = (await openTokenCache(place)) as TokenCache;
  await run('kept tokens', [cache]);
  await cache.close();
  await threads.close();
  await file.close();

  async function run(what: string, caches: TokenCache[]): Promise<void> {
    let [passages, tokens, taken] = [0, 0, 0];
    let startMs = 0;
    for await (const pool of tokenPools(poolsOf([file], settings, undefined), threads, 8, caches)) {
      if (taken++ === 0)
        startMs = performance.now(); // the first window is read
      else {
        passages += pool.passages.length;
        tokens += [...pool.queries, ...pool.passages].reduce((sum, ids) => sum + ids.length, 0);
      }
      if (taken > pools) break;
    }
    const seconds = (performance.now() - startMs) / 1000;
    const tokensPerSecond = Math.round(tokens / seconds);
    const timesNeeded = Number((tokensPerSecond / neededTokens).toFixed(1));
    print({
      what,
      passagesPerSecond: Math.round(passages / seconds),
      tokensPerSecond,
      neededTokens: Math.round(neededTokens),
      timesNeeded,
    });
  }
}

try {
  await stream();
  await resume();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
