/** Ways in which byte-level BPE cuts a text into words before it merges bytes: those that are read by hand in words.ts. */
export type WordForm = 'qwen2' | 'llama3' | 'gpt2' | 'gpt2-digits';

/** Numbers are cut into words of so many digits. */
const splitPattern = (digits: string) =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

/** The patterns, as tokenizer.json has them; that of GPT-2 is built into `ByteLevel`. */
export const wordPatterns = {
  qwen2: splitPattern('\\p{N}'),
  llama3: splitPattern('\\p{N}{1,3}'),
  gpt2: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
};

/** The form of a `pre_tokenizer` of tokenizer.json: Qwen2's and Qwen3's, Llama 3's, GPT-2's, SmolLM's; null for another. */
export function wordForm(preTokenizer: unknown): WordForm | null {
  const stated = withDefaults(preTokenizer);
  for (const [form, shape] of Object.entries(SHAPES)) if (sameShape(stated, shape)) return form as WordForm;
  return null;
}

/** Files of earlier versions leave out what ByteLevel has come to state. */
function withDefaults(preTokenizer: unknown): unknown {
  const steps = (preTokenizer as { pretokenizers?: unknown } | null | undefined)?.pretokenizers;
  if (Array.isArray(steps)) return { ...(preTokenizer as object), pretokenizers: steps.map(withDefaults) };
  const { type } = (preTokenizer ?? {}) as { type?: unknown };
  return type === 'ByteLevel' ? { use_regex: true, ...(preTokenizer as object) } : preTokenizer;
}

const byteLevel = (usesPattern: boolean) => ({ type: 'ByteLevel', add_prefix_space: false, use_regex: usesPattern });

const splitBy = (pattern: string) => ({
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
    byteLevel(false),
  ],
});

const SHAPES: Record<WordForm, unknown> = {
  qwen2: splitBy(wordPatterns.qwen2),
  llama3: splitBy(wordPatterns.llama3),
  gpt2: byteLevel(true),
  'gpt2-digits': { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel(true)] },
};

/** Whether `value` holds everything that `shape` states; `trim_offsets` and the like change no id. */
function sameShape(value: unknown, shape: unknown): boolean {
  if (typeof shape !== 'object' || shape === null) return value === shape;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(shape) && (value as unknown[]).length !== shape.length) return false;
  return Object.entries(shape).every(([key, inner]) => sameShape((value as Record<string, unknown>)[key], inner));
}
