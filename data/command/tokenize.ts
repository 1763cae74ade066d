import { availableParallelism } from 'node:os';
import type { Command } from '../../configs/cli/cli.js';
import { progressBar } from '../../configs/cli/progress.js';
import { requireWhole } from '../../configs/cli/whole.js';
import { loadConfig } from '../../configs/load/loadConfig.js';
import { resolveBase } from '../../configs/load/resolveBase.js';
import { stopSignals } from '../../configs/stopSignals.js';
import { fetchBase } from '../../checkpoints/hub/fetchBase.js';
import { openExamples } from '../arrow/openExamples.js';
import { requireUsableRows } from '../arrow/rowFacts.js';
import { requireApart } from '../files/requireApart.js';
import { fileIdentity } from '../files/fileIdentity.js';
import { makeContract } from '../tokenizer/makeContract.js';
import { buildTokenCache } from '../tokenCache/buildTokenCache.js';
import { openTokenCache } from '../tokenCache/openTokenCache.js';
import { removeStaleTokens } from '../tokenCache/staleTokens.js';
import { tokenCachePlace } from '../tokenCache/tokenCachePlace.js';
import { loadTokenizer } from '../tokenizer/tokenizer.js';
import { startTokenizerThreads } from '../tokenizer/threads.js';

export const tokenizeCommand: Command<{
  files: string[];
  base: string;
  recipe: string | undefined;
  threads: number;
  json: boolean;
}> = {
  name: 'tokenize <files..>',
  describe:
    'Keep the tokens of training files, so that training need not tokenize; bases with the same tokenizer share them',
  options: (cli) =>
    cli
      .positional('files', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Arrow files of training data',
      })
      .option('base', { type: 'string', demandOption: true, describe: 'whose tokenizer, a name or folder' })
      .option('recipe', { type: 'string', describe: "whose contract, instead of that of the base's own recipe" })
      .option('threads', { type: 'number', default: availableParallelism(), describe: 'that tokenize' })
      .option('json', { type: 'boolean', default: false, describe: 'print one JSON object' }),
  examples: [
    [
      `npm run data -- tokenize train.arrow --base qwen-base`,
      'training uses them when they are there; about the size of the file',
    ],
  ],
  async handler({ files, base, recipe, threads, json }) {
    requireWhole('threads', threads, 1);
    const stop = new AbortController();
    for (const signal of stopSignals) process.once(signal, () => stop.abort());
    const named = resolveBase(base);
    const { config } = loadConfig(recipe ?? named.recipe);
    const { folder } = await fetchBase(named, { wanted: 'tokenizer' });
    const tokenizer = await loadTokenizer(folder);
    if (tokenizer.slow !== null) console.error(tokenizer.slow);
    const contract = makeContract(config, tokenizer, config.contract.precision);
    const workers = await startTokenizerThreads(folder, contract, threads, tokenizer);
    const done = [];
    try {
      for (const path of files.map(String)) {
        const facts = await keepTokens(path, contract, workers, stop.signal);
        if (facts === null) {
          console.error('interrupted; the same command goes on from here');
          return 130;
        }
        done.push(facts);
        if (!json)
          console.log(`${path}: ${facts.rows} rows, ${facts.texts} texts, ${facts.tokens} tokens in ${facts.folder}`);
      }
    } finally {
      await workers.close();
    }
    if (json) console.log(JSON.stringify({ files: done }));
    return 0;
  },
};

/** The kept tokens of a file, made unless they are there. @returns null when it was interrupted */
async function keepTokens(
  path: string,
  contract: ReturnType<typeof makeContract>,
  workers: Awaited<ReturnType<typeof startTokenizerThreads>>,
  signal: AbortSignal,
) {
  const file = await openExamples(path);
  try {
    await requireUsableRows(file);
    const identity = await fileIdentity(path);
    if ((await removeStaleTokens(path, identity)) > 0)
      console.error(`${path} changed since its tokens were kept; they are made anew`);
    const place = tokenCachePlace(identity, contract);
    const places = [place.folder, `${place.folder}.building`];
    await requireApart(
      places.map((folder) => ({ option: 'the kept tokens in', path: folder, kind: 'folder' as const })),
      [path],
    );
    const kept = await openTokenCache(place);
    if (kept === 'damaged') console.error(`the kept tokens of ${path} are damaged; they are made anew`);
    else if (kept) {
      await kept.close();
      return { ...kept.facts, folder: place.folder };
    }
    const bar = progressBar('tokenizing, rows', file.rows);
    const onRows = (rows: number) => bar.update(rows);
    const facts = await buildTokenCache(file, identity, place, workers, onRows, signal).finally(() => bar.stop());
    return facts && { ...facts, folder: place.folder };
  } finally {
    await file.close();
  }
}
