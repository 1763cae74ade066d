import { resolve } from 'node:path';
import { runCommand, type Command } from '../../configs/cli/cli.js';
import { homePath } from '../../configs/cli/homePath.js';
import { progressBar } from '../../configs/cli/progress.js';
import { UserError } from '../../configs/userError.js';
import { imageValues } from '../../checkpoints/base/imageProcessor.js';
import { pageFonts } from '../../data/demonstration/pages/fonts.js';
import { requireOwnFolder } from '../../data/files/ownFolder.js';
import { replaceFolder, requireFreeFolder, writeFolder } from '../../data/files/writeFolder.js';
import { loadTokenizer } from '../../data/tokenizer/tokenizer.js';
import { startEngine } from '../../model/engine/startEngine.js';
import { tf } from '../../model/engine/tf.js';
import { loadDecoder } from '../pretrain/loadDecoder.js';
import { towerConfig, visionSettings } from '../pretrain/vision/demoVision.js';
import { pretrainTower, readShare } from '../pretrain/vision/pretrainTower.js';
import { readingTable } from '../pretrain/vision/readingTable.js';
import { writeVisionBase } from '../pretrain/vision/writeVisionBase.js';

interface PretrainPagesArguments {
  output: string;
  seed: number;
}

const pretrainPagesCommand: Command<PretrainPagesArguments> = {
  name: '$0',
  describe:
    "Make the demonstration's base for images anew: the demonstration's decoder as it is, with a vision tower that learns to " +
    'read drawn pages',
  options: (cli) =>
    cli
      .option('output', { type: 'string', default: committed, describe: 'folder to write' })
      .option('seed', { type: 'number', default: visionSettings.seed, describe: 'start of every random draw' }),
  examples: [
    [
      'npm run pretrain-demo-vl -- --output /tmp/demo-vl',
      'a base like the committed one; within an hour on two shared cores',
    ],
  ],
  async handler({ output, seed }) {
    const isCommitted = resolve(output) === resolve(committed);
    await (isCommitted ? requireOwnFolder(output, baseFiles) : requireFreeFolder(output));
    const engine = await startEngine();
    if (engine.name !== 'tensorflow')
      throw new UserError(
        `pretraining needs the tensorflow engine, and ${engine.name} runs here (${engine.why}); see npm run doctor`,
      );
    const make = (folder: string) => writeBase(folder, seed);
    await (isCommitted ? replaceFolder(output, baseFiles, make) : writeFolder(output, make));
    console.log(`wrote ${output}`);
  },
};

async function writeBase(folder: string, seed: number): Promise<void> {
  const updates = visionSettings.parts.reduce((sum, part) => sum + part.updates, 0);
  const tokenizer = await loadTokenizer(decoderFolder);
  const decoder = await loadDecoder(decoderFolder);
  const table = readingTable(decoder.embedding, tokenizer);
  tf.dispose([...decoder.parameters.values()]);
  const values = await imageValues(decoderFolder);
  const reading = { fonts: pageFonts(), config: towerConfig(visionSettings), values, placeOf: table.placeOf };
  const bar = progressBar('pretraining', updates);
  let average: number | undefined;
  const told = (update: number, loss: number) => {
    average = average === undefined ? loss : average + (loss - average) * 0.05;
    bar.update(update, `loss ${average.toFixed(3)}`);
  };
  const tower = await pretrainTower(reading, table, { ...visionSettings, seed }, told);
  bar.stop();
  const share = await readShare(tower, reading, table, { batches: 20, pages: 16, seed: 'pages to judge by' });
  console.error(`made after ${updates} updates: reads ${(100 * share).toFixed(1)} % of what stands on other pages`);
  await writeVisionBase(folder, decoderFolder, tower, values, tokenizer.encode('\n')[0]!);
}

const decoderFolder = homePath('configs/bases/demo');
const committed = homePath('configs/bases/demo-vl');
/** All in it. */
const baseFiles = /^(config|tokenizer|tokenizer_config|preprocessor_config)\.json$|^model\.safetensors$/;

await runCommand('npm run pretrain-demo-vl --', pretrainPagesCommand);
