import type { RunFolder } from '../../checkpoints/run/folder.js';
import type { Contract } from '../../configs/contract.js';
import type { TokenizerThreads } from '../../data/tokenizer/threads.js';
import { modelEncoder, type Encoder } from '../../eval/encoder/encoder.js';
import type { ImageReader } from '../../eval/encoder/imageReader.js';
import type { Model } from '../../model/layer/decoder.js';

/** What is encoded with, in a run under way. */
interface EncodingRun {
  paths: Pick<RunFolder, 'name'>;
  model: Model;
  contract: Contract;
  images?: { reader: ImageReader } | undefined;
}

/**
 * The encoder of a run under way. All who score it, ranks too, take it from here: its embeddings are kept under what it is
 * made of, and found by the others.
 * @param batchTokens  as `modelEncoder`
 * @param given        as `modelEncoder`
 */
export function runEncoder(
  { paths, model, contract, images }: EncodingRun,
  threads: TokenizerThreads,
  batchTokens: number,
  given?: () => Error | undefined,
): Encoder {
  return modelEncoder(`run:${paths.name}`, model, threads, contract, batchTokens, { given, reader: images?.reader });
}
