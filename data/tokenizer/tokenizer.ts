import { createHash } from 'node:crypto';
import { UserError } from '../../configs/userError.js';
import { byteLevelEncoder, type TokenEncoder } from './byteLevel.js';
import { readTokenizerFiles } from './files.js';
import { libraryTokenizer, renderChat, type ChatMessage } from './library.js';
import { isId, tokenizerTables, type TokenizerTables } from './tables.js';

export interface Tokenizer extends TokenEncoder {
  /** SHA-256, hexadecimal, of those parts of tokenizer.json that decide which ids a text gets. */
  hash: string;
  /** The id that the tokenizer puts before every text, null where it puts none. */
  bosId: number | null;
  eosId: number;
  /** One more than the highest id. */
  vocabularySize: number;
  /** The id of a token by its text, undefined where there is none. */
  idOf(token: string): number | undefined;
  /** Messages under the tokenizer's own chat template. @throws UserError when it has none, or the template refuses */
  renderChat(messages: ChatMessage[]): string;
  /** What threads share to tokenize as this does; null where only transformers.js can. */
  tables: TokenizerTables | null;
  /** Why only transformers.js can, for people; null where it need not. */
  slow: string | null;
}

/**
 * Load the tokenizer of a folder in Hugging Face layout: tokenizer.json and tokenizer_config.json, and a chat template
 * in either or beside them. Byte-level BPE of the forms that are known here is read by tables, any other by transformers.js.
 * @throws UserError when a file is missing or cannot be used
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const { json, config, template, file, configFile } = await readTokenizerFiles(folder);
  requireIds(json, file);
  const built = tokenizerTables(json, config);
  const tables = typeof built === 'string' ? null : built;
  const library = tables ? null : build(json, config, file);
  const { idOf, size } = tables ? tableVocabulary(json, tables) : libraryVocabulary(library!);
  const eosId = specialId('eos_token', config, idOf, configFile);
  if (eosId === null) throw new UserError(`${configFile} must name an eos_token`);
  const encoder = tables ? byteLevelEncoder(tables) : libraryEncoder(library!);
  return {
    ...encoder,
    hash: createHash('sha256')
      .update(JSON.stringify(DECIDING_PARTS.map((part) => json[part])))
      .digest('hex'),
    bosId:
      leadingId(json, file) ??
      (config['add_bos_token'] === true ? specialId('bos_token', config, idOf, configFile) : null),
    eosId,
    vocabularySize: size,
    idOf,
    renderChat: (messages) => renderTemplate(json, config, template, messages, folder),
    tables,
    slow: tables
      ? null
      : `${file} is in no form that has tables here (${built as string}): transformers.js tokenizes, some ten times slower`,
  };
}

/** Not the post-processor: what it adds stands in the contract by id, and exports for other tools change it. */
const DECIDING_PARTS = ['added_tokens', 'normalizer', 'pre_tokenizer', 'model'];

function requireIds(json: Record<string, unknown>, file: string): void {
  const vocab = (json['model'] as { vocab?: unknown } | undefined)?.vocab;
  if (typeof vocab !== 'object' || vocab === null || Array.isArray(vocab)) return; // a list has its places as ids
  const ids = vocab as Record<string, unknown>;
  for (const token in ids)
    if (!isId(ids[token]))
      throw new UserError(
        `${file}: the id of a token must be a whole number below ${2 ** 24}; got ${JSON.stringify(ids[token])} for ${JSON.stringify(token)}`,
      );
}

interface Vocabulary {
  idOf(token: string): number | undefined;
  /** One more than the highest id. */
  size: number;
}

function tableVocabulary(json: Record<string, unknown>, { added, tokenStarts }: TokenizerTables): Vocabulary {
  const { vocab } = json['model'] as { vocab: Record<string, number> };
  const addedIds = new Map(added);
  return {
    idOf: (token) => addedIds.get(token) ?? (Object.hasOwn(vocab, token) ? vocab[token] : undefined),
    size: tokenStarts.length - 1,
  };
}

function libraryVocabulary(tokenizer: ReturnType<typeof libraryTokenizer>): Vocabulary {
  const ids = tokenizer.get_vocab();
  let highest = -1;
  for (const id of ids.values()) highest = Math.max(highest, id);
  return { idOf: (token) => ids.get(token), size: highest + 1 };
}

function build(json: object, config: object, file: string) {
  try {
    return libraryTokenizer(json, config);
  } catch (error) {
    throw new UserError(`cannot use ${file}: ${(error as Error).message.split('\n')[0]}`);
  }
}

function libraryEncoder(tokenizer: ReturnType<typeof libraryTokenizer>): TokenEncoder {
  return {
    encode: (text, limit = Infinity) => tokenizer.encode(text, { add_special_tokens: false }).slice(0, limit),
    decode: (ids) => (ids.length === 0 ? '' : tokenizer.decode([...ids], { clean_up_tokenization_spaces: false })),
  };
}

function specialId(
  key: string,
  config: Record<string, unknown>,
  idOf: Tokenizer['idOf'],
  configFile: string,
): number | null {
  const token = config[key] as string | null;
  if (token === null) return null;
  const id = idOf(token);
  if (id === undefined) throw new UserError(`${configFile}: ${key} ${token} is not in tokenizer.json`);
  return id;
}

/**
 * What the post-processor puts before a text. Where it puts nothing, Python's tokenizers put the token that
 * add_bos_token announces, by rewriting the post-processor.
 */
function leadingId(json: Record<string, unknown>, file: string): number | null {
  const [first, ...more] = leadingIds(json['post_processor']);
  if (more.length > 0) throw new UserError(`${file} puts ${more.length + 1} ids before a text; one is supported`);
  return first ?? null;
}

interface PostProcessor {
  type: string;
  processors?: PostProcessor[];
  single?: { SpecialToken?: { id: string } }[];
  special_tokens?: Record<string, { ids: number[] }>;
  cls?: [string, number];
}

function leadingIds(value: unknown): number[] {
  const processor = value as PostProcessor | null | undefined;
  if (processor?.processors) return processor.processors.flatMap(leadingIds);
  if (processor?.cls) return [processor.cls[1]];
  const single = processor?.single ?? [];
  const text = single.findIndex(({ SpecialToken: special }) => special === undefined);
  return single
    .slice(0, Math.max(text, 0))
    .flatMap(({ SpecialToken: special }) => processor!.special_tokens?.[special!.id]?.ids ?? []);
}

function renderTemplate(
  json: object,
  config: object,
  template: string | null,
  messages: ChatMessage[],
  folder: string,
): string {
  if (template === null)
    throw new UserError(`the tokenizer in ${folder} has no chat template; take a recipe without contract.chatTemplate`);
  try {
    return renderChat(json, config, template, messages);
  } catch (error) {
    throw new UserError(`the chat template in ${folder} refuses: ${(error as Error).message.split('\n')[0]}`);
  }
}
