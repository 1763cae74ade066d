/**
 * Everything that makes two embeddings comparable. Written into every checkpoint, export, embedding file and
 * report; `checkpoints/contractFile.ts` hashes and compares it.
 */
export interface Contract {
  /** SHA-256, hexadecimal, of what decides which ids a text gets: vocabulary, merges, normalizer, added tokens. */
  tokenizer: string;
  /** Put before the text byte for byte: no blank is added. */
  queryPrefix: string;
  passagePrefix: string;
  /** Passage text is prefix + trimmed title + one blank + trimmed text, trimmed at the end; query text is prefix + trimmed text. */
  titleRule: 'title-blank-text';
  /** Id put before the text, where the tokenizer adds one. */
  bosId: number | null;
  /** Id appended after truncation; null where the recipe appends none. */
  eosId: number | null;
  /** In tokens, BOS and EOS counted. */
  queryMaxLength: number;
  passageMaxLength: number;
  pooling: 'last';
  normalize: true;
  /** Arithmetic of the frozen weights. */
  precision: Precision;
  /** Divides cosines in the loss. */
  temperature: number;
}

export type Precision = 'float32' | 'bfloat16';
export type TextKind = 'query' | 'passage';
