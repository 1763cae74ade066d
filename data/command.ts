import { runCommand, type Command } from '../configs/cli.js';
import { progressBar } from '../configs/cliProgress.js';
import { parseConfig } from '../configs/loadConfig.js';
import { resolveBase } from '../configs/resolveBase.js';
import { UserError } from '../configs/userError.js';
import { mineArrow } from '../eval/mineNegatives.js';
import { formatInspection } from './formatInspection.js';
import { importTevatron, totalBytes, type ImportSummary } from './importTevatron.js';
import { inspectExamples } from './inspectExamples.js';
import { makeContract } from './makeContract.js';
import { loadTokenizer } from './tokenizer.js';

const SCRIPT = 'npm run data --';
/** Rows on which `inspect --base` measures tokens: about 15,000 passages, some seconds. */
const ROWS_TOKENIZED = 500;

const importCommand: Command<{ files: string[]; output: string; 'limit-rejects': number | undefined; json: boolean }> =
  {
    name: 'import <files..>',
    describe: "Bring training data (Tevatron's inline JSONL, plain or .gz) into one Arrow file",
    options: (cli) =>
      cli
        .positional('files', { type: 'string', array: true, demandOption: true, describe: 'JSONL files, plain or .gz' })
        .option('output', { type: 'string', demandOption: true, describe: 'Arrow file to write' })
        .option('limit-rejects', { type: 'number', describe: 'fail when more rows than this cannot be used' })
        .option('json', { type: 'boolean', default: false, describe: 'print one JSON object' }),
    examples: [
      [`${SCRIPT} import train.jsonl.gz --output train.arrow`, 'rows that cannot be used are counted and listed'],
    ],
    async handler({ files, output, limitRejects, json }) {
      if (limitRejects !== undefined) requireWhole('limit-rejects', limitRejects, 0);
      const all = await totalBytes(files);
      const bar = progressBar('importing', 100);
      const onBytes = (bytes: number) => bar.update(Math.round((100 * bytes) / all));
      const summary = await importTevatron(files, output, { limitRejects, onBytes }).finally(() => bar.stop());
      console.log(json ? JSON.stringify(summary) : formatSummary(summary));
    },
  };

const inspectCommand: Command<{ file: string; base: string | undefined; rows: number; json: boolean }> = {
  name: 'inspect <file>',
  describe: 'Say what is in an Arrow file of training data',
  options: (cli) =>
    cli
      .positional('file', { type: 'string', demandOption: true, describe: 'Arrow file, of either form' })
      .option('base', { type: 'string', describe: 'measure lengths with the tokenizer of this base, a name or folder' })
      .option('rows', { type: 'number', default: 3, describe: 'rows to show' })
      .option('json', { type: 'boolean', default: false, describe: 'print one JSON object' }),
  examples: [
    [`${SCRIPT} inspect train.arrow`, 'rows, negatives a query, repeated texts, lengths'],
    [`${SCRIPT} inspect train.arrow --base demo`, 'and how many texts the token limits would cut'],
  ],
  async handler({ file, base, rows, json }) {
    requireWhole('rows', rows, 0);
    const bar = progressBar('reading', 100);
    const onRows = (done: number, all: number) => bar.update(Math.round((100 * done) / all));
    const tokens = base === undefined ? {} : { tokens: await tokensOf(base) };
    const inspection = await inspectExamples(file, { samples: rows, ...tokens, onRows }).finally(() => bar.stop());
    const width = process.stdout.columns ?? 120;
    console.log(json ? JSON.stringify(inspection) : formatInspection(inspection, width));
  },
};

const mineCommand: Command<{
  file: string;
  output: string;
  negatives: number;
  'from-rank': number;
  'to-rank': number;
  seed: number;
  json: boolean;
}> = {
  name: 'mine <file>',
  describe: "Give each row new hard negatives: passages of the file's own that BM25 ranks high for its query",
  options: (cli) =>
    cli
      .positional('file', { type: 'string', demandOption: true, describe: 'Arrow file of training data' })
      .option('output', { type: 'string', demandOption: true, describe: 'Arrow file to write' })
      .option('negatives', { type: 'number', default: 15, describe: 'negatives wanted for each query' })
      .option('from-rank', { type: 'number', default: 1, describe: 'best BM25 rank they may have' })
      .option('to-rank', { type: 'number', default: 200, describe: 'worst BM25 rank they may have' })
      .option('seed', { type: 'number', default: 1, describe: 'of the draw among those ranks' })
      .option('json', { type: 'boolean', default: false, describe: 'print one JSON object' }),
  examples: [
    [`${SCRIPT} mine train.arrow --output mined.arrow`, "a row's positives are never its negatives, by id or by text"],
  ],
  async handler({ file, output, negatives, fromRank, toRank, seed, json }) {
    requireWhole('negatives', negatives, 1);
    requireWhole('from-rank', fromRank, 1);
    requireWhole('to-rank', toRank, 1);
    requireWhole('seed', seed, 0);
    if ((toRank as number) < (fromRank as number))
      throw new UserError(`--to-rank must be at least --from-rank (${fromRank}); got ${toRank}`);
    const options = { negatives, fromRank: fromRank as number, toRank: toRank as number, seed };
    const bar = progressBar('mining', 100);
    const onProgress = (done: number, all: number) => bar.update(Math.round((100 * done) / all));
    const summary = await mineArrow(file, output, options, onProgress).finally(() => bar.stop());
    const { rows, passages, short } = summary;
    const lacking = short > 0 ? `; ${short} rows got fewer than ${negatives}` : '';
    console.log(
      json
        ? JSON.stringify({ output, ...summary })
        : `${output}: ${rows} rows, ${passages} passages searched${lacking}`,
    );
  },
};

function requireWhole(option: string, value: unknown, least: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < least)
    throw new UserError(`--${option} must be a whole number, ${least} or more; got ${value}`);
}

/** The tokenizer of a base, with the contract that a run has by default. */
async function tokensOf(base: string) {
  const tokenizer = await loadTokenizer(resolveBase(base).folder);
  const config = parseConfig({});
  return { tokenizer, contract: makeContract(config, tokenizer, config.contract.precision), rows: ROWS_TOKENIZED };
}

function formatSummary({ output, rows, rowsWithoutNegatives, rejected, rejectsFile }: ImportSummary): string {
  const lines = [`${output}: ${rows} rows`];
  if (rowsWithoutNegatives > 0)
    lines.push(`  ${rowsWithoutNegatives} of them have no negatives; \`${SCRIPT} mine\` finds some`);
  for (const { reason, rows: count, first } of rejected)
    lines.push(`  left out: ${count} rows, ${reason} (first: ${first})`);
  if (rejectsFile !== null) lines.push(`  ${rejectsFile} lists the rows left out`);
  return lines.join('\n');
}

await runCommand(SCRIPT, importCommand, inspectCommand, mineCommand);
