import { runCommand, type Command } from '../../configs/cli/cli.js';
import { progressBar, type ProgressBar } from '../../configs/cli/progress.js';
import { precisions, type Precision } from '../../configs/contract.js';
import { requireApart } from '../../data/files/requireApart.js';
import { helpersBeside } from '../../model/ranks/helpers.js';
import { launchedPlace } from '../../model/ranks/launchedPlace.js';
import { withoutRanks } from '../../model/ranks/launchRanks.js';
import { encodeFile, helpEncodeFile } from '../dense/encodeFile.js';
import { scanTexts } from '../dense/textsToEncode.js';
import { modelFolders } from '../encoder/modelFolders.js';
import { openEncoder } from '../encoder/openEncoder.js';

interface EncodeArguments {
  model: string;
  input: string;
  as: 'query' | 'passage';
  output: string;
  recipe: string | undefined;
  set: string[];
  base: string | undefined;
  precision: Precision | undefined;
  ranks: number | undefined;
  json: boolean;
}

const encodeCommand: Command<EncodeArguments> = {
  name: '$0',
  describe: 'Turn texts and images into embeddings: JSON lines in, an Arrow file with columns id and embedding out',
  options: (cli) =>
    cli
      .option('model', {
        type: 'string',
        demandOption: true,
        describe: 'base:NAME, run:NAME, run:NAME@STEP, or the folder of an adapter or checkpoint',
      })
      .option('input', {
        type: 'string',
        demandOption: true,
        describe: 'JSON lines with _id (or id), text, perhaps title and image, a file or a list of files',
      })
      .option('as', { choices: ['query', 'passage'] as const, demandOption: true, describe: 'which prefix and length' })
      .option('output', { type: 'string', demandOption: true, describe: 'Arrow file to write' })
      .option('recipe', { type: 'string', describe: 'whose contract a model without one is encoded under' })
      .option('set', {
        type: 'string',
        array: true,
        default: [],
        describe: 'change a setting of that recipe, as contract.queryPrefix=text or evaluation.batchTokens=4096',
      })
      .option('base', { type: 'string', describe: 'name or folder of the base, for the folder of an adapter' })
      .option('precision', { choices: precisions, describe: 'instead of that of the contract' })
      .option('ranks', {
        type: 'number',
        describe: 'processes on this machine that share the texts, one card each where there are cards',
      })
      .option('json', { type: 'boolean', default: false, describe: 'print one JSON object last' }),
  examples: [
    [
      'npm run encode -- --model run:first --input corpus.jsonl --as passage --output corpus.arrow',
      'stopped or killed, the same command goes on',
    ],
    [
      'npm run encode -- --model run:first --input corpus.jsonl --as passage --output corpus.arrow --ranks 8',
      'on eight cards',
    ],
    [
      'npm run encode -- --model base:qwen-vl --input pages.jsonl --as passage --output pages.arrow',
      'lines as {"id": "1", "image": "page-1.png"}',
    ],
  ],
  async handler({ model, input, as, output, recipe, set, base, precision, ranks, json }) {
    const inputs = [input, ...modelFolders(model, base)];
    await requireApart([{ option: '--output', path: output, kind: 'file' }], inputs);
    const helpers = ranks === undefined ? undefined : helpersBeside(ranks, process.env);
    const texts = await scanTexts(input, output);
    const { encoder, warnings, close } = await openEncoder(model, {
      ...{ recipe, base, precision, set },
      images: texts.hasImages,
    });
    if (launchedPlace(process.env)) return helpEncodeFile(texts, output, as, encoder);
    for (const warning of warnings) console.error(`warning: ${warning}`);
    let bar: ProgressBar | undefined;
    if (texts.blank > 0) console.error(`warning: ${input}: ${texts.blank} of ${texts.rows} texts are blank`);
    const begin = () => helpers?.start(withoutRanks(process.argv.slice(2)), (line) => console.error(line));
    const beside = helpers && { start: begin, end: () => helpers.end() };
    const onProgress = (done: number, before: number) => {
      if (!bar && before > 0) console.error(`${before} of ${texts.rows} texts were done before`);
      bar ??= progressBar('encoding', texts.rows, before);
      bar.update(done);
    };
    await encodeFile(texts, output, as, encoder, onProgress, { beside }).finally(() => bar?.stop());
    await close();
    console.error(`${texts.rows} embeddings of ${encoder.dimensions} numbers in ${output}`);
    if (json) console.log(JSON.stringify({ output, rows: texts.rows, dimensions: encoder.dimensions }));
  },
};

await runCommand('npm run encode --', encodeCommand);
