import { wordForm, type WordForm } from './forms.js';

/** What byte-level BPE looks up, in memory that threads share. Built once from tokenizer.json by `tokenizerTables`. */
export interface TokenizerTables {
  /** The id that each byte starts as, [256]; -1 of one that the vocabulary lacks: it is left out, as Python's tokenizers do. */
  byteIds: Int32Array;
  /** Hash table of merges, [slots, 3]: left id, right id, rank; left is -1 in an empty slot. Slots are a power of two. */
  merges: Int32Array;
  /** The id that the merge of each rank makes. */
  merged: Int32Array;
  /** Bytes of every token, one after the other, and where each id's begin: one more than there are ids. */
  tokenBytes: Uint8Array;
  tokenStarts: Int32Array;
  /** Tokens that are found in the text before anything else is done to it, with their ids. */
  added: [content: string, id: number][];
  /** How text is cut into words. */
  form: WordForm;
  /** Whether text is normalized to NFC first. */
  composes: boolean;
  /**
   * Hash table of the ids of tokens, [slots], -1 in an empty slot, where a word that is a token is taken as it is, whatever its
   * merges would come to (`ignore_merges`); null where merges alone decide. Slots are a power of two.
   */
  whole: Int32Array | null;
}

/**
 * Build the tables of byte-level BPE whose text is cut into words as one of the forms does that are known here.
 * @param json    tokenizer.json
 * @param config  tokenizer_config.json
 * @returns       tables, or in a few words what makes this tokenizer another one
 */
export function tokenizerTables(
  json: Record<string, unknown>,
  config: Record<string, unknown>,
): TokenizerTables | string {
  const { normalizer, pre_tokenizer: preTokenizer, added_tokens: added } = json as unknown as TokenizerFile;
  const model = json['model'] as BpeModel | undefined;
  if (config['remove_space'] === true || config['do_lowercase_and_remove_accent'] === true)
    return 'tokenizer_config.json changes the text';
  const composes = (normalizer as { type?: unknown } | null | undefined)?.type === 'NFC';
  if (normalizer != null && !composes) return 'its normalizer is not NFC';
  const form = wordForm(preTokenizer);
  if (form === null) return 'its pre_tokenizer is none of Qwen2, Qwen3, Llama 3, SmolLM and GPT-2';
  const unfit = unfitModel(model);
  if (unfit !== null) return unfit;
  if (!Array.isArray(added) || !added.every(isToken)) return 'its added tokens are no list of tokens';
  if (added.some(isSearchedDifferently)) return 'its added tokens take blanks or normalized text';
  const built = build(model!, added);
  return typeof built === 'string' ? built : { ...built, form, composes };
}

interface TokenizerFile {
  normalizer: unknown;
  pre_tokenizer: unknown;
  added_tokens: AddedToken[];
}

interface AddedToken {
  id: number;
  content: string;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
}

interface BpeModel {
  type: string;
  vocab: Record<string, number>;
  merges: (string | [string, string])[];
  [option: string]: unknown;
}

function unfitModel(model: BpeModel | undefined): string | null {
  if (model?.type !== 'BPE' || typeof model.vocab !== 'object' || model.vocab === null || !Array.isArray(model.merges))
    return 'its model is not BPE';
  const set = ['dropout', 'unk_token', 'continuing_subword_prefix', 'end_of_word_suffix', 'byte_fallback'];
  const used = set.find((option) => Boolean(model[option]));
  return used === undefined ? null : `its model uses ${used}`;
}

const isToken = (token: AddedToken | null) => typeof token?.content === 'string' && isId(token.id);

/** An id beyond any vocabulary would ask for tables of that size. */
export const isId = (id: unknown) => Number.isInteger(id) && (id as number) >= 0 && (id as number) < 2 ** 24;

const isSearchedDifferently = (token: AddedToken) =>
  token.single_word || token.lstrip || token.rstrip || token.normalized || token.content === '';

function build(
  { vocab, merges, ignore_merges: takesWhole }: BpeModel,
  added: AddedToken[],
): Omit<TokenizerTables, 'form' | 'composes'> | string {
  const symbols = byteSymbols();
  const byteIds = shared(Int32Array, 256);
  for (const [byte, symbol] of symbols.entries()) byteIds[byte] = vocab[symbol] ?? -1;
  const slots = 2 ** Math.ceil(Math.log2(merges.length * 2 + 2));
  const table = shared(Int32Array, slots * 3).fill(-1);
  const merged = shared(Int32Array, merges.length);
  for (const [rank, merge] of merges.entries()) {
    const pair: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!Array.isArray(pair) || pair.length !== 2) return 'a merge is no pair';
    const [left, right] = pair as [string, string];
    const [leftId, rightId, id] = [vocab[left], vocab[right], vocab[left + right]];
    if (leftId === undefined || rightId === undefined || id === undefined) return 'a merge names no token';
    merged[rank] = id;
    let slot = mergeSlot(leftId, rightId, slots);
    while (table[slot * 3] !== -1) slot = (slot + 1) & (slots - 1);
    table.set([leftId, rightId, rank], slot * 3);
  }
  const pairs = added.map(({ content, id }): [string, number] => [content, id]);
  const bytes = bytesOfTokens(vocab, symbols, pairs);
  const whole = takesWhole === true ? wholeWords(Object.values(vocab), bytes) : null;
  return { byteIds, merges: table, merged, ...bytes, added: pairs, whole };
}

function wholeWords(ids: number[], { tokenBytes, tokenStarts }: Pick<TokenizerTables, 'tokenBytes' | 'tokenStarts'>) {
  const slots = 2 ** Math.ceil(Math.log2(ids.length * 2 + 2));
  const table = shared(Int32Array, slots).fill(-1);
  for (const id of ids) {
    let slot = wordSlot(tokenBytes.subarray(tokenStarts[id], tokenStarts[id + 1]), slots);
    while (table[slot] !== -1) slot = (slot + 1) & (slots - 1);
    table[slot] = id;
  }
  return table;
}

/** The slot at which the search for a token of these bytes begins. Source: FNV-1a, 32 bits. */
export function wordSlot(bytes: Uint8Array, slots: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return (hash ^ (hash >>> 15)) & (slots - 1);
}

/** The slot at which the search for a merge begins. */
export const mergeSlot = (left: number, right: number, slots: number): number =>
  ((Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> 7) & (slots - 1);

function bytesOfTokens(vocab: Record<string, number>, symbols: string[], added: [string, number][]) {
  const byteOf = new Uint8Array(0x10000);
  for (const [byte, symbol] of symbols.entries()) byteOf[symbol.charCodeAt(0)] = byte;
  const tokens: (string | Buffer)[] = []; // of a string, each character is one byte
  for (const token in vocab) tokens[vocab[token]!] = token;
  for (const [content, id] of added) tokens[id] = Buffer.from(content);
  const tokenStarts = shared(Int32Array, tokens.length + 1);
  for (let id = 0; id < tokens.length; id++) tokenStarts[id + 1] = tokenStarts[id]! + (tokens[id]?.length ?? 0);
  const tokenBytes = shared(Uint8Array, tokenStarts[tokens.length]!);
  for (let id = 0; id < tokens.length; id++) {
    const token = tokens[id] ?? '';
    const start = tokenStarts[id]!;
    if (typeof token !== 'string') tokenBytes.set(token, start);
    else for (let at = 0; at < token.length; at++) tokenBytes[start + at] = byteOf[token.charCodeAt(at)]!;
  }
  return { tokenBytes, tokenStarts };
}

/** The printable character that stands for each byte in byte-level BPE. Source: `bytes_to_unicode` of GPT-2. */
function byteSymbols(): string[] {
  let shifted = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(isPrintable ? byte : shifted++);
  });
}

function shared<T extends Int32Array | Uint8Array>(
  kind: { new (buffer: SharedArrayBuffer): T; BYTES_PER_ELEMENT: number },
  length: number,
): T {
  return new kind(new SharedArrayBuffer(length * kind.BYTES_PER_ELEMENT));
}
