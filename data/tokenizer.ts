import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PreTrainedTokenizer } from '@huggingface/transformers';
import { UserError } from '../configs/userError.js';

export interface Tokenizer {
  /** SHA-256, hexadecimal, of those parts of tokenizer.json that decide which ids a text gets. */
  hash: string;
  /** The id that the tokenizer puts before every text, null where it puts none. */
  bosId: number | null;
  eosId: number;
  /** One more than the highest id. */
  vocabularySize: number;
  /** Ids of the text alone: no beginning, no end is added. */
  encode(text: string): number[];
}

/**
 * Load the tokenizer of a folder in Hugging Face layout: tokenizer.json and tokenizer_config.json.
 * @throws UserError when a file is missing or cannot be used
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const [bytes, configBytes] = await Promise.all([
    readBytes(folder, 'tokenizer.json'),
    readBytes(folder, 'tokenizer_config.json'),
  ]);
  const config = parse(configBytes, join(folder, 'tokenizer_config.json'));
  for (const key of TOKEN_KEYS) config[key] = tokenText(config[key]);
  const json = parse(bytes, join(folder, 'tokenizer.json'));
  const tokenizer = build(json, config, folder);
  const ids = tokenizer.get_vocab() as Map<string, number>;
  const eosId = idOf('eos_token', config, ids, folder);
  if (eosId === null) throw new UserError(`${join(folder, 'tokenizer_config.json')} must name an eos_token`);
  return {
    hash: createHash('sha256')
      .update(JSON.stringify(DECIDING_PARTS.map((part) => json[part])))
      .digest('hex'),
    bosId: findBos(tokenizer, config, ids, folder),
    eosId,
    vocabularySize: [...ids.values()].reduce((highest, id) => Math.max(highest, id), -1) + 1,
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }),
  };
}

/** Not the post-processor: what it adds stands in the contract by id, and exports for other tools change it. */
const DECIDING_PARTS = ['added_tokens', 'normalizer', 'pre_tokenizer', 'model'];

const TOKEN_KEYS = ['bos_token', 'eos_token', 'pad_token', 'unk_token'];

async function readBytes(folder: string, name: string): Promise<Buffer> {
  return readFile(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'it does not exist' : error.message;
    throw new UserError(`cannot read the tokenizer file ${join(folder, name)}: ${why}`);
  });
}

function parse(bytes: Buffer, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new UserError(`${path} is not JSON: ${(error as Error).message.split('\n')[0]}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UserError(`${path} must hold a JSON object`);
  return value as Record<string, unknown>;
}

/** Special tokens are written as plain text or as an object around it. */
function tokenText(token: unknown): string | null {
  const text = typeof token === 'object' && token !== null ? (token as { content?: unknown }).content : token;
  return typeof text === 'string' ? text : null;
}

function build(json: object, config: object, folder: string): PreTrainedTokenizer {
  try {
    return new PreTrainedTokenizer(json, config);
  } catch (error) {
    throw new UserError(`cannot use ${join(folder, 'tokenizer.json')}: ${(error as Error).message.split('\n')[0]}`);
  }
}

function idOf(key: string, config: Record<string, unknown>, ids: Map<string, number>, folder: string): number | null {
  const token = config[key] as string | null;
  if (token === null) return null;
  const id = ids.get(token);
  if (id === undefined)
    throw new UserError(`${join(folder, 'tokenizer_config.json')}: ${key} ${token} is not in tokenizer.json`);
  return id;
}

/**
 * What an encoding with special tokens begins with; else the token that add_bos_token announces, which Python's
 * tokenizers add by rewriting the post-processor and transformers.js 4.3 does not.
 */
function findBos(
  tokenizer: PreTrainedTokenizer,
  config: Record<string, unknown>,
  ids: Map<string, number>,
  folder: string,
): number | null {
  const plain = tokenizer.encode('a', { add_special_tokens: false });
  const whole = tokenizer.encode('a');
  const start = whole.findIndex((_, index) => plain.every((id, offset) => whole[index + offset] === id));
  if (start > 1)
    throw new UserError(`${join(folder, 'tokenizer.json')} puts ${start} ids before a text; one is supported`);
  if (start === 1) return whole[0]!;
  return config['add_bos_token'] === true ? idOf('bos_token', config, ids, folder) : null;
}
