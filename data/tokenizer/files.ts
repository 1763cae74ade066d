import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../configs/userError.js';

/** The files of a tokenizer, parsed, in Hugging Face layout. */
export interface TokenizerFiles {
  /** tokenizer.json */
  json: Record<string, unknown>;
  /** tokenizer_config.json, its special tokens as plain text. */
  config: Record<string, unknown>;
  template: string | null;
  /** Paths of the first two, for messages. */
  file: string;
  configFile: string;
}

/** @throws UserError when a file is missing or is not what it should be */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const [file, configFile] = [join(folder, 'tokenizer.json'), join(folder, 'tokenizer_config.json')];
  // One after the other, so that of two missing files the same one is named every time.
  const bytes = await readBytes(file);
  const configBytes = await readBytes(configFile);
  const config = parse(configBytes, configFile);
  for (const key of TOKEN_KEYS) config[key] = tokenText(config[key]);
  return { json: parse(bytes, file), config, template: await chatTemplate(folder, config), file, configFile };
}

const TOKEN_KEYS = ['bos_token', 'eos_token', 'pad_token', 'unk_token'];

async function readBytes(file: string): Promise<Buffer> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'it does not exist' : error.message;
    throw new UserError(`cannot read the tokenizer file ${file}: ${why}`);
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

/** Newer versions of Python's transformers write the template into a file of its own, which then counts. */
async function chatTemplate(folder: string, config: Record<string, unknown>): Promise<string | null> {
  const absent = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw new UserError(`cannot read the chat template of ${folder}: ${error.message}`);
    return null;
  };
  const jinja = await readFile(join(folder, 'chat_template.jinja'), 'utf8').catch(absent);
  const wrapped = join(folder, 'chat_template.json');
  const json = jinja === null ? await readFile(wrapped).catch(absent) : null;
  const template = jinja ?? (json && parse(json, wrapped)['chat_template']) ?? config['chat_template'];
  return typeof template === 'string' ? template : null;
}
