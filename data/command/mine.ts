import type { Command } from '../../configs/cli/cli.js';
import { progressBar } from '../../configs/cli/progress.js';
import { requireWhole } from '../../configs/cli/whole.js';
import { modelFolders } from '../../eval/encoder/modelFolders.js';
import { requireApart } from '../files/requireApart.js';
import { UserError } from '../../configs/userError.js';
import { defaultCacheBytes } from '../../eval/dense/denseRetriever.js';
import { mineArrow } from '../../eval/mining/mineNegatives.js';
import { imagesPath } from '../arrow/images/imageSchema.js';
import { openExamples } from '../arrow/openExamples.js';
import { openEncoder } from '../../eval/encoder/openEncoder.js';

export const mineCommand: Command<{
  file: string;
  output: string;
  model: string;
  recipe: string | undefined;
  negatives: number;
  'from-rank': number;
  'to-rank': number;
  'absolute-margin': number | undefined;
  'relative-margin': number | undefined;
  seed: number;
  'cache-gigabytes': number | undefined;
  json: boolean;
}> = {
  name: 'mine <file>',
  describe:
    "Give each row new hard negatives: passages of the file's own that BM25 or a model ranks high for its query",
  options: (cli) =>
    cli
      .positional('file', { type: 'string', demandOption: true, describe: 'Arrow file of training data' })
      .option('output', { type: 'string', demandOption: true, describe: 'Arrow file to write' })
      .option('model', {
        type: 'string',
        default: 'bm25',
        describe: 'bm25, base:NAME, run:NAME, or the folder of an adapter or checkpoint',
      })
      .option('recipe', { type: 'string', describe: 'whose contract a base is used under' })
      .option('negatives', { type: 'number', default: 15, describe: 'negatives wanted for each query' })
      .option('from-rank', { type: 'number', default: 1, describe: 'best rank they may have' })
      .option('to-rank', { type: 'number', default: 200, describe: 'worst rank they may have' })
      .option('absolute-margin', {
        type: 'number',
        describe: "leave out what does not score below the query's lowest positive by so much",
      })
      .option('relative-margin', {
        type: 'number',
        describe: "or by this share of that positive's score, as 0.05",
      })
      .option('seed', { type: 'number', default: 1, describe: 'of the draw among those ranks' })
      .option('cache-gigabytes', {
        type: 'number',
        describe: `what kept embeddings of all models may take; 0 keeps none [default: ${defaultCacheBytes / 1e9}]`,
      })
      .option('json', { type: 'boolean', default: false, describe: 'print one JSON object' }),
  examples: [
    [
      `npm run data -- mine train.arrow --output mined.arrow`,
      "a row's positives are never its negatives, by id or by text",
    ],
    [
      `npm run data -- mine train.arrow --output again.arrow --model run:first --relative-margin 0.05`,
      'with a trained model, leaving out what is likely to be relevant',
    ],
  ],
  async handler({
    file,
    output,
    model,
    recipe,
    negatives,
    fromRank,
    toRank,
    absoluteMargin,
    relativeMargin,
    seed,
    cacheGigabytes,
    json,
  }) {
    requireWhole('negatives', negatives, 1);
    requireWhole('from-rank', fromRank, 1);
    requireWhole('to-rank', toRank, 1);
    requireWhole('seed', seed, 0);
    if (toRank < fromRank) throw new UserError(`--to-rank must be at least --from-rank (${fromRank}); got ${toRank}`);
    if (recipe !== undefined && model === 'bm25')
      throw new UserError('--recipe has no effect with BM25; leave it out, or name a base by --model');
    if (cacheGigabytes !== undefined && model === 'bm25')
      throw new UserError('--cache-gigabytes has no effect with BM25; leave it out, or name a model by --model');
    const gigabytes = cacheGigabytes ?? defaultCacheBytes / 1e9;
    if (gigabytes < 0) throw new UserError(`--cache-gigabytes must be 0 or more; got ${gigabytes}`);
    const options = {
      negatives,
      fromRank: fromRank,
      toRank: toRank,
      absoluteMargin: absoluteMargin,
      relativeMargin: relativeMargin,
      seed,
    };
    await requireApart(
      [output, imagesPath(output)].map((path) => ({ option: '--output', path, kind: 'file' as const })),
      [file, imagesPath(file), ...modelFolders(model)],
    );
    const opened = model === 'bm25' ? undefined : await openEncoder(model, { recipe, images: await hasImages(file) });
    const warn = (text: string) => console.error(`warning: ${text}`);
    opened?.warnings.forEach(warn);
    const bar = progressBar('mining', 100);
    const onProgress = (done: number, all: number) => bar.update(Math.round((100 * done) / all));
    const by = opened ? { encoder: opened.encoder, dense: { cacheBytes: gigabytes * 1e9, warn } } : {};
    const summary = await mineArrow(file, output, { ...options, ...by }, onProgress).finally(async () => {
      bar.stop();
      await opened?.close();
    });
    const { rows, passages, short } = summary;
    const lacking = short > 0 ? `; ${short} rows got fewer than ${negatives}` : '';
    console.log(
      json
        ? JSON.stringify({ output, ...summary })
        : `${output}: ${rows} rows, ${passages} passages searched${lacking}`,
    );
  },
};

async function hasImages(path: string): Promise<boolean> {
  const file = await openExamples(path);
  await file.close();
  return file.images !== undefined;
}
