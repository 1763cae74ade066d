/**
 * Exact search over a million generated vectors, kept as shards of float16 on the disk, and the run that comes of it: speed,
 * memory, and equality with a naive search, ties included.
 *
 *     node --import tsx test/bench/searchMillion.ts [vectors] [folder for the shards, 1.5 GB] [queries] [depth] [dimensions]
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shardRows } from '../../data/task/corpus.js';
import type { Hits } from '../../eval/dense/selection.js';
import { openSearch } from '../../eval/dense/search.js';
import { packVectors, unpackVectors } from '../../eval/dense/vectorFormat.js';
import { packedRun } from '../../eval/measure/packedRun.js';
import { startEngine } from '../../model/engine/startEngine.js';

const [vectors = '1000000', parent = tmpdir(), ...wanted] = process.argv.slice(2);
const [queriesWanted = '128', depthWanted = '1000', dimensionsWanted = '768'] = wanted;
const rows = Number(vectors);
const dimensions = Number(dimensionsWanted);
const queryCount = Number(queriesWanted);
const depth = Number(depthWanted);

/** Whole numbers from -2 to 2: every inner product is exact in float32, and many are equal. */
function generate(count: number, seed: number): Float32Array {
  let state = seed * 2654435761 + 1;
  return Float32Array.from({ length: count * dimensions }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 16) % 5) - 2;
  });
}

const engine = await startEngine();
const folder = await mkdtemp(join(parent, 'tercet-million-'));
try {
  const shards: { file: string; first: number }[] = [];
  for (let first = 0; first < rows; first += shardRows) {
    const file = join(folder, `${first}.vectors`);
    await writeFile(file, packVectors(generate(Math.min(shardRows, rows - first), first + 1), 'float16'));
    shards.push({ file, first });
  }
  const queries = generate(queryCount, 0);
  const read = async (file: string) => unpackVectors(await readFile(file), 'float16');

  const startMs = performance.now();
  const beforeMegabytes = peakMegabytes();
  const search = openSearch(queries, dimensions, depth);
  for (const { file, first } of shards) search.add(first, await read(file));
  const checked = [0, queryCount - 1];
  const found = new Map<number, Hits>();
  const run = packedRun({ get: String });
  for (const hits of search.take()) {
    if (checked.includes(run.size)) found.set(run.size, hits);
    run.add(String(run.size), hits);
  }
  const afterMegabytes = peakMegabytes();
  const seconds = (performance.now() - startMs) / 1000;
  search.close();

  for (const query of checked) {
    const scores = new Float32Array(rows);
    for (const { file, first } of shards) scoreNaively(queries, query, await read(file), scores, first);
    const naive: Hits = [...scores.keys()]
      .sort((one, two) => scores[two]! - scores[one]! || one - two)
      .slice(0, depth)
      .map((row) => ({ row, score: scores[row]! }));
    assert.deepEqual(found.get(query), naive, `query ${query}`);
  }
  console.log(
    JSON.stringify({
      engine: engine.name,
      vectors: rows,
      dimensions,
      queries: queryCount,
      depth,
      seconds: Number(seconds.toFixed(1)),
      scoresPerSecond: Math.round((rows * queryCount) / seconds),
      peakMegabytes: afterMegabytes,
      beforeMegabytes,
      queriesEqualToNaive: checked.length,
    }),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}

function peakMegabytes(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

function scoreNaively(
  all: Float32Array,
  query: number,
  shard: Float32Array,
  scores: Float32Array,
  first: number,
): void {
  const own = all.subarray(query * dimensions, (query + 1) * dimensions);
  for (let row = 0; row * dimensions < shard.length; row++) {
    let sum = 0;
    for (let at = 0; at < dimensions; at++) sum += own[at]! * shard[row * dimensions + at]!;
    scores[first + row] = sum;
  }
}
