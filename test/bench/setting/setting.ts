import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeAdapter, type Adapter } from '../../../checkpoints/adapter/adapter.js';
import { matrixName } from '../../../checkpoints/adapter/names.js';
import { openBaseFolder } from '../../../checkpoints/base/baseFolder.js';
import { loadConfig } from '../../../configs/load/loadConfig.js';
import type { Precision } from '../../../configs/contract.js';
import { projections } from '../../../configs/schema.js';
import { UserError } from '../../../configs/userError.js';
import { seededRandom } from '../../../data/random.js';
import { projectionShape } from '../../../model/layer/decoder.js';
import { modelConfig, type ModelConfig } from '../../../model/modelConfig.js';
import type { PlanChoice } from '../worker/jobs.js';
import { poolName, type PoolFile, type PoolSize } from '../worker/pool.js';
import { shapes } from './shapes.js';
import { openTexts, type TextSource } from './texts.js';
import { writeRandomBase } from './writeRandomBase.js';

/** Everything that is made once and used again: bases, adapters, inputs, the other side's packages. Not in git. */
export const workFolder = fileURLToPath(new URL('../.work', import.meta.url));

export const rank = 16;
const alpha = 32;
/** `<|im_end|>`, which the tokenizer of Qwen2.5 appends under the study's contract. */
export const eosId = 151_645;

/** What all measurements of a run share. */
export interface Setting {
  shape: string;
  base: string;
  config: ModelConfig;
  precision: Precision;
  texts: TextSource;
  rounds: number;
  isQuick: boolean;
  pool: PoolSize;
  /** Passages to encode. */
  passages: number;
  /** What training is told of memory. */
  plan: PlanChoice;
  /** Of encoding, as tercet's own settings have it. */
  batchTokens: number;
  cores: number;
}

/** What the user may choose. */
export interface Choice {
  shape: string;
  layers: number | undefined;
  precision: Precision;
  rounds: number;
  isQuick: boolean;
  pool: PoolSize;
  passages: number;
  plan: PlanChoice;
}

export const oracles = () =>
  process.env['ORACLES'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));

/** Make what is missing of the base. @throws UserError for a shape or a number of layers that cannot be */
export async function makeSetting({ layers, ...choice }: Choice): Promise<Setting> {
  const base = await makeBase(choice.shape, layers);
  const config = modelConfig((await openBaseFolder(base)).config, join(base, 'config.json'));
  const { evaluation } = loadConfig('study').config;
  return {
    ...choice,
    base,
    config,
    texts: await openTexts(base, config.vocabularySize, oracles()),
    batchTokens: evaluation.batchTokens,
    cores: cpus().length,
  };
}

/** The same with another number of layers. */
export const withLayers = (setting: Setting, layers: number): Promise<Setting> =>
  setting.shape === 'demo' || layers === setting.config.layers
    ? Promise.resolve(setting)
    : makeSetting({ ...setting, layers });

async function makeBase(name: string, layers: number | undefined): Promise<string> {
  if (name === 'demo') {
    if (layers !== undefined) throw new UserError('--layers has no effect on --shape demo; leave one of them out');
    return fileURLToPath(new URL('../../../configs/bases/demo', import.meta.url));
  }
  const shape = { ...shapes[name]!, ...(layers !== undefined && { layers }) };
  if (!(shape.layers >= 1 && shape.layers <= shapes[name]!.layers))
    throw new UserError(`--layers must be 1 to ${shapes[name]!.layers} with --shape ${name}; got ${layers}`);
  const tokenizer = join(oracles(), 'tokenizers/qwen2.5');
  const hasTokenizer = existsSync(tokenizer);
  const folder = join(workFolder, `bases/${name}-${shape.layers}${hasTokenizer ? '' : '-without-tokenizer'}`);
  if (!existsSync(folder))
    await writeRandomBase(folder, shape, { seed: 1, eosId, tokenizer: hasTokenizer ? tokenizer : undefined });
  return folder;
}

/** An adapter of random matrices, none of them zero, so that a comparison sees both halves. @returns its folder */
export async function makeAdapter({ base, config, shape }: Setting): Promise<string> {
  const folder = join(workFolder, `adapters/${shape}-${config.layers}-rank-${rank}`);
  if (existsSync(folder)) return folder;
  const matrices: Adapter['matrices'] = new Map();
  for (let layer = 0; layer < config.layers; layer++)
    for (const target of projections) {
      const [outSize, inSize] = projectionShape(config, target);
      const name = matrixName(layer, target);
      const random = seededRandom('adapter', name);
      const within = (bound: number, length: number) => Float32Array.from({ length }, () => (2 * random() - 1) * bound);
      const a = within(1 / Math.sqrt(inSize), rank * inSize);
      matrices.set(name, { a, b: within(0.01, outSize * rank), inSize, outSize });
    }
  const { weightsHash } = await openBaseFolder(base);
  await writeAdapter(folder, { rank, alpha, dropout: 0, targets: [...projections], base, weightsHash, matrices });
  return folder;
}

/**
 * Write a pool for the measuring processes.
 * @param cut  longest text in tokens, where texts are to be shorter than the contract has them
 */
export function makePool({ texts, shape }: Setting, size: PoolSize, cut = Infinity): { file: string; pool: PoolFile } {
  const { queries, passagesPerQuery } = size;
  const ids = (tokens: Int32Array[]) => tokens.map((row) => [...row.slice(0, cut)]);
  const pool = {
    ...size,
    queryTokens: ids(texts.tokens('query', queries)),
    passageTokens: ids(texts.tokens('passage', queries * passagesPerQuery)),
  };
  return { file: writeInput(`pool-${shape}-${poolName(size)}-${cut}`, pool), pool };
}

/** Write what a measuring process is to read. @returns the file */
export function writeInput(name: string, content: unknown): string {
  const folder = join(workFolder, 'inputs');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(content));
  return file;
}
