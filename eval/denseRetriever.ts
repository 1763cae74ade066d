import { contractHash } from '../checkpoints/contractFile.js';
import type { Encoder } from './encoder.js';
import type { Retriever } from './ranking.js';
import { searchExact } from './search.js';

/** A retriever that ranks every passage of a task by the inner product of its embedding with the query's. */
export function denseRetriever(encoder: Encoder): Retriever {
  return {
    name: `${encoder.name} contract=${contractHash(encoder.contract).slice(0, 12)}`,
    async retrieve({ corpus, queries }, depth, onProgress = () => {}) {
      const all = corpus.length + queries.length;
      const passages = await encoder.encode('passage', corpus, (done) => onProgress(done, all));
      const asked = await encoder.encode('query', queries, (done) => onProgress(corpus.length + done, all));
      const texts = { ids: corpus.map(({ id }) => id), embeddings: passages };
      const rankings = searchExact(asked, texts, encoder.dimensions, depth);
      return new Map(queries.map(({ id }, index) => [id, rankings[index]!]));
    },
  };
}
