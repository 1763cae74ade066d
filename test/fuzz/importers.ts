/**
 * Feeds damaged files to everything that reads training data.
 *
 *     node --import tsx test/fuzz/importers.ts [SECONDS=60] [FIRST SEED=1]
 *
 * Valid files of every format, plain and compressed, are changed at random by seed: bytes, lengths, ends, order. What
 * comes out must be rows or a UserError of one line, within bounds of time and memory. A case that fails is printed with
 * its seed; the same seed makes the same case: `node --import tsx test/fuzz/importers.ts case SEED`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../configs/userError.js';
import { openExamples } from '../../data/arrow/openExamples.js';
import { openCollection } from '../../data/import/lookup/collection.js';
import { readSource } from '../../data/import/readSource.js';
import { recogniseFormat } from '../../data/import/source/recogniseFormat.js';
import { collectRows } from '../data/import/collectRows.js';
import { damage } from './damage.js';
import { validFiles, type ValidFile } from './validFiles.js';

const LONGEST_CASE_MS = 60_000; // most of it waiting for other processes
const MOST_MEMORY_BYTES = 1.5 * 2 ** 30;
const CASES_A_PROCESS = 400;

const [first, second] = process.argv.slice(2);
if (first === 'case' || first === 'cases') await runCases(Number(second), first === 'case' ? 1 : CASES_A_PROCESS);
else await runFor(Number(first ?? 60), Number(second ?? 1));

/** Runs cases in processes of their own: one that does not end, or fills the memory, is seen from outside. */
async function runFor(seconds: number, firstSeed: number): Promise<void> {
  const endMs = Date.now() + 1000 * seconds;
  const outcomes = new Map<string, number>();
  let seed = firstSeed;
  for (; Date.now() < endMs; seed += CASES_A_PROCESS) {
    const script = fileURLToPath(import.meta.url);
    const args = ['--max-old-space-size=1024', '--import', 'tsx', script, 'cases', `${seed}`];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let last = '(start)';
    let timer: NodeJS.Timeout | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      clearTimeout(timer);
      const [kind, what] = line.split(' ', 2) as [string, string];
      if (kind === 'begin') last = line;
      else outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
      timer = setTimeout(() => {
        console.log(`FAILED ${last}: no end after ${LONGEST_CASE_MS / 1000} s`);
        child.kill('SIGKILL');
      }, LONGEST_CASE_MS);
      if (Date.now() > endMs && kind === 'end') child.kill('SIGTERM');
    }
    clearTimeout(timer);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    if (child.exitCode !== 0 && child.signalCode !== 'SIGTERM') {
      console.log(`FAILED ${last}: ${child.exitCode ?? child.signalCode}`);
      process.exitCode = 1;
    }
  }
  console.log(
    `seeds ${firstSeed} to ${seed - 1}: ${[...outcomes].map(([what, count]) => `${count} ${what}`).join(', ')}`,
  );
}

async function runCases(from: number, count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tercet-fuzz-'));
  const files = await validFiles();
  try {
    for (let seed = from; seed < from + count; seed++) {
      const { file, bytes } = damage(files, seed);
      const path = join(folder, file.name);
      writeFileSync(path, bytes);
      console.log(`begin ${seed} ${file.name}`);
      const startMs = performance.now();
      const outcome = await read(path, file).catch((error: unknown) => {
        const isExplained =
          error instanceof UserError && !error.message.includes('\n') && error.message.includes(file.name);
        if (isExplained) return 'refused';
        throw error;
      });
      const ms = performance.now() - startMs;
      const { rss } = process.memoryUsage();
      if (rss > MOST_MEMORY_BYTES) throw new Error(`${(rss / 2 ** 20).toFixed(0)} MB of memory`);
      console.log(`end ${outcome} ${ms.toFixed(0)} ms`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function read(path: string, { kind }: ValidFile): Promise<'rows' | 'nothing'> {
  if (kind === 'arrow') {
    const file = await openExamples(path);
    try {
      for (let batch = 0; batch < file.batchRows.length; batch++) await file.read(batch);
    } finally {
      await file.close();
    }
    return 'rows';
  }
  if (kind === 'collection') {
    const collection = await openCollection(path, `${path}.expanded`, { onReject: () => {}, onBytes: () => {} });
    collection.find('7');
    await collection.close();
    return 'rows';
  }
  const { sink, lookups, rows } = collectRows();
  const reading = { from: { offset: 0, line: 0 }, known: undefined, sink, lookups, store: undefined };
  await readSource(await recogniseFormat(path), path, { ...reading, onBytes: () => {}, afterRow: () => undefined });
  return rows.length > 0 ? 'rows' : 'nothing';
}
