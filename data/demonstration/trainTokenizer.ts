import { wordPatterns } from '../tokenizer/forms.js';
import { PairQueue } from './pairQueue.js';

/** The parts of a `tokenizer.json` that matter here; the layout is that of Qwen2.5's own. */
export interface TokenizerJson {
  version: string;
  added_tokens: { id: number; content: string; special: boolean }[];
  model: { type: 'BPE'; vocab: Record<string, number>; merges: string[]; [setting: string]: unknown };
  [section: string]: unknown;
}

/**
 * Learns a byte-level BPE tokenizer with Qwen2's splitting of text into words.
 * Ids: the 256 bytes, then the merges in the order learned, then the special tokens. Of pairs equally frequent the one
 * with the smaller ids is merged first, so the same texts give the same tokenizer.
 * Source: Sennrich et al., arXiv 1508.07909, section 3.2; byte alphabet of GPT-2 (`bytes_to_unicode`).
 * @param vocabularySize  tokens in all; fewer come out where the texts hold no pair twice any more
 * @returns the content of tokenizer.json, which `@huggingface/transformers` and `tokenizers` load
 */
export function trainTokenizer(texts: Iterable<string>, vocabularySize: number): TokenizerJson {
  const alphabet = byteAlphabet();
  const tokens = [...alphabet.sorted];
  if (vocabularySize < tokens.length + SPECIAL_TOKENS.length) {
    throw new Error(
      `trainTokenizer: ${vocabularySize} tokens are fewer than the ${tokens.length} bytes and special tokens`,
    );
  }
  const merges = learnMerges(
    countDistinctWords(texts, alphabet.idOfByte),
    tokens,
    vocabularySize - SPECIAL_TOKENS.length,
  );
  return tokenizerJson(tokens, merges);
}

/** The content of tokenizer_config.json beside it: no BOS, and the end of text both ends and pads. */
export function tokenizerConfig(): Record<string, unknown> {
  return {
    add_bos_token: false,
    add_eos_token: false,
    add_prefix_space: false,
    bos_token: null,
    eos_token: '<|endoftext|>',
    pad_token: '<|endoftext|>',
    unk_token: null,
    clean_up_tokenization_spaces: false,
    model_max_length: 4096,
    errors: 'replace',
    tokenizer_class: 'Qwen2Tokenizer',
  };
}

const SPECIAL_TOKENS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];

/** Qwen2's word pattern for Node.js 20, whose regular expressions have no `(?i:...)`. */
const WORD = new RegExp(
  wordPatterns.qwen2.replace(/\(\?i:(.*?)\)/, (_, group: string) => `(?:${ignoreCase(group)})`),
  'gu',
);

function ignoreCase(pattern: string): string {
  return pattern.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}

/** Bytes that print stand for themselves; the others get the characters from U+0100 on. Ids follow the characters' order. */
function byteAlphabet(): { sorted: string[]; idOfByte: number[] } {
  const characters: string[] = [];
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const prints = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    characters.push(String.fromCharCode(prints ? byte : next++));
  }
  const sorted = [...characters].sort();
  return { sorted, idOfByte: characters.map((character) => sorted.indexOf(character)) };
}

/** A distinct word as token ids, merged in place as training goes on. */
interface Word {
  ids: number[];
  count: number;
}

function countDistinctWords(texts: Iterable<string>, idOfByte: number[]): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [word] of text.normalize('NFC').matchAll(WORD)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => ({
    ids: [...Buffer.from(word, 'utf8')].map((byte) => idOfByte[byte] as number),
    count,
  }));
}

/** Merges the most frequent pair until there are `size` tokens; new tokens are pushed to `tokens`. */
function learnMerges(words: Word[], tokens: string[], size: number): string[] {
  const queue = new PairQueue(words);
  const merges: string[] = [];
  while (tokens.length < size) {
    const best = queue.takeMostFrequent();
    if (best === null || best.count < 2) break;
    const left = tokens[best.left] as string;
    const right = tokens[best.right] as string;
    queue.merge(best, tokens.length);
    tokens.push(left + right);
    merges.push(`${left} ${right}`);
  }
  return merges;
}

function tokenizerJson(tokens: string[], merges: string[]): TokenizerJson {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.map((content, index) => ({
      id: tokens.length + index,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: { type: 'NFC' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: wordPatterns.qwen2 }, behavior: 'Isolated', invert: false },
        byteLevel,
      ],
    },
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}
