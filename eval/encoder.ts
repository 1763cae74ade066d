import type { Contract, TextKind } from '../configs/contract.js';
import { cutChunks } from '../data/chunks.js';
import { UserError } from '../configs/userError.js';
import type { TokenizerThreads } from '../data/tokenizerThreads.js';
import { encodeChunk } from '../model/encodeChunk.js';
import type { Model } from '../model/loadModel.js';

export interface TextToEncode {
  title?: string;
  text: string;
}

/** Turns texts into unit vectors under one contract. */
export interface Encoder {
  name: string;
  contract: Contract;
  /** Numbers of one embedding. */
  dimensions: number;
  /**
   * @param onProgress  told how many texts are done
   * @returns [texts, dimensions], row-major, in the order of the texts
   * @throws UserError when an embedding is not finite, naming the text's place
   */
  encode(kind: TextKind, texts: TextToEncode[], onProgress?: (done: number) => void): Promise<Float32Array>;
}

/**
 * Encode with a model, with or without an adapter attached.
 * @param batchTokens  tokens, padding included, that are in the model at one time
 */
export function modelEncoder(
  name: string,
  model: Model,
  threads: TokenizerThreads,
  contract: Contract,
  batchTokens: number,
): Encoder {
  const dimensions = model.config.hidden;
  return {
    name,
    contract,
    dimensions,
    async encode(kind, texts, onProgress = () => {}) {
      const tokens = await threads.tokenize(kind, texts);
      const embeddings = new Float32Array(texts.length * dimensions);
      let done = 0;
      for (const { rows } of cutChunks(tokens, batchTokens)) {
        const chunk = encodeChunk(
          model,
          rows.map((row) => tokens[row]!),
        );
        const values = await chunk.data<'float32'>();
        chunk.dispose();
        rows.forEach((row, index) => {
          const embedding = values.subarray(index * dimensions, (index + 1) * dimensions);
          if (!embedding.every(Number.isFinite))
            throw new UserError(
              `${name} gives ${kind} ${row + 1} of ${texts.length} an embedding that is not finite: its weights are damaged, or ${model.precision} is too coarse for them; check the weights, or use float32`,
            );
          embeddings.set(embedding, row * dimensions);
        });
        onProgress((done += rows.length));
        await new Promise(setImmediate); // data() of the native engine does not yield, and progress and signals wait
      }
      return embeddings;
    },
  };
}
