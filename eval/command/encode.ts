import { runCommand, type Command } from '../../configs/cli/cli.js';
import { progressBars } from '../../configs/cli/progress.js';
import { precisions, type Precision } from '../../configs/contract.js';
import { helpersBeside } from '../../model/ranks/helpers.js';
import { launchedPlace } from '../../model/ranks/launchedPlace.js';
import { encoderOptions } from '../encoder/encoderOptions.js';
import { encode, helpEncode } from '../programs/encode.js';

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
      .option('recipe', encoderOptions.recipe)
      .option('set', encoderOptions.set)
      .option('base', encoderOptions.base)
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
  async handler({ ranks, json, ...request }) {
    if (launchedPlace(process.env)) return helpEncode(request);
    const bars = progressBars();
    const told = (line: string) => {
      bars.stop();
      console.error(line);
    };
    const encoded = await encode({
      ...request,
      beside: ranks === undefined ? undefined : helpersBeside(ranks, process.env, told),
      onWarning: (text) => told(`warning: ${text}`),
      onProgress(done, all, before) {
        if (!bars.isShown() && before > 0) console.error(`${before} of ${all} texts were done before`);
        bars.update('encoding', done, all, before);
      },
    }).finally(bars.stop);
    console.error(`${encoded.rows} embeddings of ${encoded.dimensions} numbers in ${encoded.output}`);
    if (json) console.log(JSON.stringify(encoded));
  },
};

await runCommand('npm run encode --', encodeCommand);
