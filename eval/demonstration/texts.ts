import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createExampleWriter } from '../../data/arrow/writeExamples.js';
import { writeBeir } from '../../data/task/beir.js';
import { DOMAINS, type Domain } from '../../data/demonstration/domainSource.js';
import type { DomainPairs } from '../../data/demonstration/splitPairs.js';
import { bm25Defaults, buildBm25Index } from '../bm25/index.js';
import { mineNegatives } from '../mining/mineNegatives.js';
import type { MadeKind } from './madeKind.js';

const fileOf = (domain: Domain): string => `train-${domain}.arrow`;

/** Query-passage pairs out of packages' texts with mined hard negatives, and a task, for each domain. */
export const textsData: MadeKind = {
  folder: 'demo',
  ownFiles: /^(made-from\.json|train-\w+\.arrow|tasks\/.*)$/,
  version: 1,
  files: DOMAINS.map(fileOf),
  tasks: DOMAINS.map((domain) => `demo-${domain}`),
  async write(folder, onStep) {
    onStep('extracting query-passage pairs from npm packages');
    // Loads the TypeScript compiler, which every start would otherwise wait for.
    const { demonstrationPairs } = await import('../../data/demonstration/pairs.js');
    const pairs = await demonstrationPairs();
    for (const domain of DOMAINS) {
      onStep(`${domain}, ${pairs[domain].train.length} training queries, mining negatives`);
      await writeDomain(folder, domain, pairs[domain]);
    }
  },
};

/** Near enough to be hard, and not at the very top, where unmarked positives stand. */
const mining = { negatives: 7, fromRank: 2, toRank: 40, seed: 1 };

async function writeDomain(folder: string, domain: Domain, { train, test }: DomainPairs): Promise<void> {
  await mkdir(folder, { recursive: true });
  const passages = [...new Map(train.flatMap(({ positives }) => positives).map((one) => [one.id, one])).values()];
  const index = buildBm25Index(passages, bm25Defaults);
  const writer = await createExampleWriter(join(folder, fileOf(domain)));
  for await (const example of mineNegatives(train, passages, index, mining))
    if (example.negatives.length > 0) await writer.write(example);
  await writer.close();
  await writeBeir(join(folder, 'tasks', domain), 'test', test);
}
