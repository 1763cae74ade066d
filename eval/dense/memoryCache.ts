import type { EmbeddedBy, EmbeddingCache } from './embeddingCache.js';
import { packVectors, unpackVectors } from './vectorFormat.js';

/** Embeddings kept in memory, as small as on the disk, for as long as the work takes. */
export function memoryCache({ format }: Pick<EmbeddedBy, 'format'>): EmbeddingCache {
  const kept = new Map<string, Uint8Array>();
  return {
    refusal: undefined,
    parts: undefined, // they would go with the process
    has: ({ key }) => kept.has(key),
    async read({ key }) {
      const packed = kept.get(key);
      return packed && unpackVectors(packed, format);
    },
    isClaimed: () => false,
    claim: () => true,
    async write({ key }, vectors) {
      kept.set(key, packVectors(vectors, format));
    },
    close: () => kept.clear(),
  };
}
