/**
 * Everything that makes two embeddings comparable. Written into every checkpoint, export, embedding file and
 * report; `checkpoints/contract/contractFile.ts` hashes and compares it.
 */
export interface Contract {
  /** SHA-256, hexadecimal, of what decides which ids a text gets: vocabulary, merges, normalizer, added tokens. */
  tokenizer: string;
  /** Put before the text byte for byte: no blank is added. */
  queryPrefix: string;
  passagePrefix: string;
  /** Put after the text, byte for byte and never cut; absent where there is none, as the other optional fields. */
  querySuffix?: string;
  passageSuffix?: string;
  titleRule: TitleRule;
  /** The tokenizer's chat template around a user's turn that holds prefix, text and suffix, as it was rendered. */
  chatBefore?: string;
  chatAfter?: string;
  /** What the answer begins with, after `chatAfter`: its turn is left open. */
  answerStart?: string;
  /** Id put before the text, where the tokenizer adds one; a chat template has its own. */
  bosId: number | null;
  /** Id appended after truncation; null where the recipe appends none. */
  eosId: number | null;
  /** Text of that token, where the recipe names another than the tokenizer's own end of sequence. */
  eosToken?: string;
  /** In tokens, BOS and EOS counted; where something follows the text, a suffix or the chat, of prefix and text alone. */
  queryMaxLength: number;
  passageMaxLength: number;
  pooling: 'last';
  normalize: true;
  /** Arithmetic of the frozen weights. */
  precision: Precision;
  /** Arithmetic of products of float32 matrices, such as those of adapters, where it is not plain float32. */
  float32Products?: Exclude<Float32Products, 'float32'>;
  /** Divides cosines in the loss. */
  temperature: number;
  /** How images are read and where they stand; absent where a model reads text alone. */
  image?: ImageContract;
}

/** Patch, block and window of the vision tower and the ids of its tokens are the base's. */
export interface ImageContract {
  /** Pixels of a resized image. */
  minPixels: number;
  maxPixels: number;
  /** Where the images of a document stand: behind its prefix and text, or before them. */
  order: (typeof imageOrders)[number];
  /** `mrope` counts the rows and columns of an image, `flat` its tokens one after the other, as some models were trained. */
  positions: (typeof imagePositions)[number];
  /** Transparent pixels show the colour beneath them, or white. */
  alpha: (typeof imageAlphas)[number];
  resampling: 'bicubic uint8, horizontal first';
  /** Of red, green and blue between 0 and 1, taken from each value and dividing it. */
  mean: readonly number[];
  std: readonly number[];
  /** `frozen`: the vision tower is the base's; `adapted`: the adapter changes it too. */
  tower: 'frozen' | 'adapted';
}

/**
 * `title-blank-text`: passage text is prefix + trimmed title + one blank + trimmed text, trimmed at the end; query text
 * is prefix + trimmed text. `as-is`: prefix + title + one blank + text, where there is a title, and nothing is trimmed.
 */
type TitleRule = 'title-blank-text' | 'as-is';
export const imageOrders = ['text-first', 'image-first'] as const;
export const imagePositions = ['mrope', 'flat'] as const;
export const imageAlphas = ['drop', 'white'] as const;
export const precisions = ['float32', 'bfloat16', 'float16'] as const;
export type Precision = (typeof precisions)[number];
/** `tf32`: factors are rounded to ten bits behind the point, as NVIDIA cards do unless they are told not to. */
export type Float32Products = 'float32' | 'tf32';
export type TextKind = 'query' | 'passage';
