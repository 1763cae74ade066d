import { resolve } from 'node:path';
import { runCommand, type Command } from '../../configs/cli/cli.js';
import { precisions, type Precision } from '../../configs/contract.js';
import { readAdapter, writeAdapter } from '../../checkpoints/adapter/adapter.js';
import { keysFor, type AdapterKeys } from '../../checkpoints/adapter/names.js';
import { openBaseFolder } from '../../checkpoints/base/baseFolder.js';
import { readContract } from '../../checkpoints/contract/contractFile.js';
import { exportMerged } from '../../checkpoints/export/exportMerged.js';
import { exportSentenceTransformers } from '../../checkpoints/export/exportSentenceTransformers.js';
import { refetchBase } from '../../checkpoints/hub/fetchBase.js';
import { readRunConfig } from '../../checkpoints/run/config.js';
import { openRun, runsRoot } from '../../checkpoints/run/folder.js';
import { UserError } from '../../configs/userError.js';
import { requireApart } from '../../data/files/requireApart.js';
import { writeFolder } from '../../data/files/writeFolder.js';
import { embedCanaries, largestDifference, smallestCosine } from '../encoder/canaries.js';
import { openEncoder, type EncoderOptions } from '../encoder/openEncoder.js';

interface ExportArguments {
  run: string;
  as: 'peft' | 'merged' | 'sentence-transformers';
  output: string;
  keys: AdapterKeys | undefined;
  dtype: 'base' | 'float32' | undefined;
  precision: Precision | undefined;
  json: boolean;
}

const exportCommand: Command<ExportArguments> = {
  name: '$0 <run>',
  describe: "Write a run's model in a form that other tools load, and prove that it gives the trained embeddings",
  options: (cli) =>
    cli
      .positional('run', { type: 'string', demandOption: true, describe: 'name of a run in checkpoints/runs/' })
      .option('as', { choices: ['peft', 'merged', 'sentence-transformers'] as const, demandOption: true })
      .option('output', { type: 'string', demandOption: true, describe: 'folder to write' })
      .option('keys', {
        choices: ['auto-model', 'causal-lm', 'vision-language'] as const,
        describe: 'peft: which class of transformers the names are for; by the base unless given',
      })
      .option('dtype', {
        choices: ['base', 'float32'] as const,
        describe: 'merged weights: as the base stores them, rounded (base), or exact (float32); base unless given',
      })
      .option('precision', {
        choices: precisions,
        describe: 'arithmetic of the proof, instead of that of the run',
      })
      .option('json', { type: 'boolean', default: false, describe: 'print one JSON object last' }),
  examples: [
    ['npm run export -- first --as peft --output ./first', 'for PEFT, vLLM and llama.cpp'],
    ['npm run export -- first --as sentence-transformers --output ./first-st', 'for SentenceTransformer(...)'],
  ],
  async handler({ run, as, output, keys, dtype, precision, json }) {
    if (keys && as !== 'peft') throw new UserError(`--keys has no effect with --as ${as}; leave it out`);
    if (dtype && as === 'peft') throw new UserError('--dtype has no effect with --as peft; leave it out');
    const paths = await openRun(runsRoot, run);
    const trainedOn = await refetchBase((await readRunConfig(paths.config)).base);
    await requireApart([{ option: '--output', path: output, kind: 'folder' }], [paths.folder, trainedOn.folder]);
    const contract = await readContract(paths.contract);
    const options = { precision, images: contract.image !== undefined };
    const trained = await canariesOf(`run:${run}`, options);
    const adapter = await readAdapter(paths.adapter);
    const base = await openBaseFolder(trainedOn.folder);
    if (as === 'peft')
      await writeFolder(output, (folder) =>
        writeAdapter(folder, adapter, { contract, keys: keys ?? keysFor(base.config) }),
      );
    else {
      const merged = { base, adapter, contract, ...(dtype === 'float32' && { dtype: 'F32' as const }) };
      await (as === 'merged' ? exportMerged(output, merged) : exportSentenceTransformers(output, merged));
    }
    const written = await canariesOf(resolve(output), { ...options, ...(as === 'peft' && { base: trainedOn.folder }) });
    const proof = {
      largestDifference: largestDifference(trained, written),
      smallestCosine: smallestCosine(trained, written),
    };
    const least = as === 'peft' || dtype === 'float32' ? exactCosine : roundedCosine;
    if (proof.smallestCosine < least)
      throw new Error(
        `${output} gives other embeddings than run ${run}: cosine ${proof.smallestCosine}, least ${least}`,
      );
    console.error(
      `${output} read back: embeddings within ${proof.largestDifference.toExponential(1)} of training, ` +
        `cosine at least ${proof.smallestCosine.toFixed(6)}`,
    );
    if (json) console.log(JSON.stringify({ run, as, output, ...proof }));
  },
};

/** What float32 arithmetic in another order leaves, and what rounding merged weights to bfloat16 costs at most. */
const exactCosine = 1 - 1e-5;
const roundedCosine = 0.99;

async function canariesOf(model: string, options: EncoderOptions): Promise<Float32Array[]> {
  const { encoder, close } = await openEncoder(model, options);
  const embeddings = await embedCanaries(encoder);
  await close();
  return embeddings;
}

await runCommand('npm run export --', exportCommand);
