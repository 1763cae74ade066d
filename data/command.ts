import { runCommand, type Command } from '../configs/cli/cli.js';
import { downloadScreen } from '../configs/cli/download.js';
import { progressBar, type ProgressBar } from '../configs/cli/progress.js';
import { listDatasets, resolveDatasets } from '../configs/load/datasetFile.js';
import { stopSignals } from '../configs/stopSignals.js';
import { listHubDataset } from '../checkpoints/hub/listHubDataset.js';
import { UserError } from '../configs/userError.js';
import { datasetsMirror, datasetsRoot } from './download/datasetsRoot.js';
import { downloadDatasets } from './download/downloadDatasets.js';
import { formatDatasets, formatDownloads, listed } from './download/formatDatasets.js';
import { formatSources, formatSummary } from './import/formatSummary.js';
import { importExamples } from './import/importExamples.js';
import { formats } from './import/source/recogniseFormat.js';
import { inspectCommand } from './command/inspect.js';
import { mineCommand } from './command/mine.js';
import { tokenizeCommand } from './command/tokenize.js';
import { tokensCommand } from './command/tokens.js';

const SCRIPT = 'npm run data --';
const FORMATS = Object.keys(formats).join(', ');

const importCommand: Command<{
  files: string[];
  output: string;
  format: string | undefined;
  collection: string | undefined;
  queries: string | undefined;
  images: 'copy' | 'link' | 'none' | undefined;
  'max-rejects': string | undefined;
  json: boolean;
}> = {
  name: 'import <files..>',
  describe:
    'Bring training data into one Arrow file: Tevatron, MS MARCO, sentence-transformers, FlagEmbedding, ms-swift, MMEB, BEIR',
  options: (cli) =>
    cli
      .positional('files', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'files (plain, gzip or zstd; Parquet), or one folder in BEIR layout',
      })
      .option('output', { type: 'string', demandOption: true, describe: 'Arrow file to write' })
      .option('format', {
        type: 'string',
        describe: `what the files are, where their content does not tell: ${FORMATS}`,
      })
      .option('collection', {
        type: 'string',
        describe: 'texts of passage ids: id TAB text, JSONL or Parquet, perhaps with images',
      })
      .option('queries', { type: 'string', describe: 'texts of query ids, likewise' })
      .option('images', {
        choices: ['copy', 'link', 'none'] as const,
        describe: 'keep images in a file beside the output (copy), their paths alone (link), or leave them out',
      })
      .option('max-rejects', {
        type: 'string',
        describe: 'fail when more rows (N), or more of them (N%), are unusable',
      })
      .option('json', { type: 'boolean', default: false, describe: 'print one JSON object' }),
  examples: [
    [`${SCRIPT} import train.jsonl.gz --output train.arrow`, 'rows that cannot be used are counted and listed'],
    [`${SCRIPT} import triples.train.small.tsv --output train.arrow`, 'the same command goes on after an interruption'],
    [
      `${SCRIPT} import msmarco-hard-negatives.jsonl.gz --collection collection.tsv --queries queries.train.tsv --output train.arrow`,
      'ids and the files that hold their texts',
    ],
  ],
  async handler({ files, output, format, collection, queries, images, maxRejects, json }) {
    const stop = new AbortController();
    for (const signal of stopSignals) process.once(signal, () => stop.abort());
    let bar: ProgressBar | undefined;
    const summary = await importExamples(files.map(String), output, {
      format,
      collection,
      queries,
      images,
      maxRejects: parseShare('max-rejects', maxRejects),
      signal: stop.signal,
      onSources: (sources, from) => console.error(formatSources(sources, from)),
      onBytes(done, all) {
        bar ??= progressBar('importing, MB', Math.ceil(all / 1e6));
        bar.update(Math.floor(done / 1e6));
      },
    }).finally(() => bar?.stop());
    if (summary === null) {
      console.error('interrupted; the same command goes on from here');
      return 130;
    }
    console.log(json ? JSON.stringify(summary) : formatSummary(summary));
    return 0;
  },
};

const downloadCommand: Command<{ names: string[]; list: boolean; into: string | undefined; json: boolean }> = {
  name: 'download [names..]',
  describe: 'Fetch data sets by name: MS MARCO, BEIR, CoIR',
  options: (cli) =>
    cli
      .positional('names', {
        type: 'string',
        array: true,
        default: [],
        describe: 'of data sets or groups (beir, coir), or YAML files as in configs/datasets/',
      })
      .option('list', { type: 'boolean', default: false, describe: 'show what there is, its size and licence' })
      .option('into', { type: 'string', describe: 'folder for them, instead of data/cache/' })
      .option('json', { type: 'boolean', default: false, describe: 'print one JSON object' }),
  examples: [
    [`${SCRIPT} download --list`, 'names, sizes, licences, and which are here'],
    [`${SCRIPT} download scifact nfcorpus`, 'goes on where an interrupted one stopped; what is here is left alone'],
    [`TERCET_MIRROR=https://mirror.example ${SCRIPT} download beir`, 'files by host and path below that address'],
  ],
  async handler({ names, list, into, json }) {
    const root = into ?? datasetsRoot();
    if (list) {
      const { datasets, groups } = listDatasets();
      const chosen = names.length > 0 ? resolveDatasets(names.map(String)) : datasets;
      const rows = chosen.map((dataset) => listed(dataset, root));
      console.log(json ? JSON.stringify({ datasets: rows, groups }) : formatDatasets(rows, groups));
      return;
    }
    if (names.length === 0) throw new UserError('download needs the name of a data set; --list shows them');
    const mirror = datasetsMirror();
    const datasets = resolveDatasets(names.map(String));
    const done = await downloadDatasets(datasets, { root, screen: downloadScreen, listHub: listHubDataset, mirror });
    console.log(json ? JSON.stringify({ datasets: done }) : formatDownloads(done));
  },
};

/** `N` rows or `N%` of them. */
function parseShare(option: string, value: string | undefined): { rows: number } | { share: number } | undefined {
  if (value === undefined) return undefined;
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(value) ?? [];
  if (percent === '%' && Number(number) <= 100) return { share: Number(number) / 100 };
  if (percent === '' && Number.isInteger(Number(number))) return { rows: Number(number) };
  throw new UserError(`--${option} must be a whole number of rows, or a share as 0.1%; got ${value}`);
}

await runCommand(SCRIPT, importCommand, downloadCommand, inspectCommand, mineCommand, tokensCommand, tokenizeCommand);
