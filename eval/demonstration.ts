import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { makeFolder } from '../data/files/makeFolder.js';
import { createExampleWriter } from '../data/arrow/writeExamples.js';
import { replaceFolder } from '../data/files/writeFolder.js';
import { withLock } from '../setup/lock/lock.mjs';
import { writeBeir } from '../data/task/beir.js';
import { DOMAINS, type Domain } from '../data/demonstration/domainSource.js';
import type { DomainPairs } from '../data/demonstration/splitPairs.js';
import { bm25Defaults, buildBm25Index } from './bm25/index.js';
import { mineNegatives } from './mining/mineNegatives.js';
import { homePath } from '../configs/cli/homePath.js';

/** Where the demonstration's data is kept; the tasks in configs/tasks/ point into it. */
const home = homePath('data/cache/demo');

/** All in it; what a user put beside is not replaced. */
const ownFiles = /^(made-from\.json|train-\w+\.arrow|tasks\/.*)$/;

/** Raised when the data would come out differently, so that older data is made again. */
const version = 1;

/** Near enough to be hard, and not at the very top, where unmarked positives stand. */
const mining = { negatives: 7, fromRank: 2, toRank: 40, seed: 1 };

/**
 * Make the demonstration's data unless it is there: an Arrow file of training examples with mined hard negatives, and
 * a task in BEIR layout, for each domain. It takes its place whole or not at all.
 * @param onStep  told what is being made
 * @returns the training files
 */
export async function prepareDemonstration(onStep: (what: string) => void): Promise<string[]> {
  if (isDemonstrationHere()) return demonstrationFiles();
  await makeFolder(dirname(home));
  await withLock(
    `${home}.lock`,
    (holder) => onStep(`demonstration data: waiting for ${holder}, which makes it too`),
    async () => {
      if (!isDemonstrationHere()) await replaceFolder(home, ownFiles, (partial) => writeAll(partial, onStep));
    },
  );
  return demonstrationFiles();
}

/** Where its training files lie. */
export const demonstrationFiles = () => DOMAINS.map((domain) => join(home, `train-${domain}.arrow`));

async function writeAll(partial: string, onStep: (what: string) => void): Promise<void> {
  onStep('demonstration data: extracting query-passage pairs from npm packages');
  // Loads the TypeScript compiler, which every start would otherwise wait for.
  const { demonstrationPairs } = await import('../data/demonstration/pairs.js');
  const pairs = await demonstrationPairs();
  for (const domain of DOMAINS) {
    onStep(`demonstration data: ${domain}, ${pairs[domain].train.length} training queries, mining negatives`);
    await writeDomain(partial, domain, pairs[domain]);
  }
  await writeFile(join(partial, 'made-from.json'), `${JSON.stringify(madeFrom(), null, 2)}\n`);
}

async function writeDomain(folder: string, domain: Domain, { train, test }: DomainPairs): Promise<void> {
  await mkdir(folder, { recursive: true });
  const passages = [...new Map(train.flatMap(({ positives }) => positives).map((one) => [one.id, one])).values()];
  const index = buildBm25Index(passages, bm25Defaults);
  const writer = await createExampleWriter(join(folder, `train-${domain}.arrow`));
  for await (const example of mineNegatives(train, passages, index, mining))
    if (example.negatives.length > 0) await writer.write(example);
  await writer.close();
  await writeBeir(join(folder, 'tasks', domain), 'test', test);
}

/** Whether it was made, from the packages that are installed. */
export function isDemonstrationHere(): boolean {
  const file = join(home, 'made-from.json');
  return existsSync(file) && readFileSync(file, 'utf8') === `${JSON.stringify(madeFrom(), null, 2)}\n`;
}

/** What the data depends on: other packages, other data. */
function madeFrom() {
  const require = createRequire(import.meta.url);
  const lock = readFileSync(require.resolve('../package-lock.json'));
  return { version, packages: createHash('sha256').update(lock).digest('hex') };
}
