import { contractHash } from '../../checkpoints/contract/contractFile.js';
import type { TextKind } from '../../configs/contract.js';
import { UserError } from '../../configs/userError.js';
import type { Passage } from '../../data/example/example.js';
import { textsHash, type Corpus, type CorpusShard } from '../../data/task/corpus.js';
import { embeddingsRoot, openEmbeddingCache, type EmbeddingCache } from './embeddingCache.js';
import type { Encoder, TextToEncode } from '../encoder/encoder.js';
import { packedRun } from '../measure/packedRun.js';
import type { Retriever } from '../measure/ranking.js';
import { openSearch } from './search.js';
import { formatFor, packVectors, unpackVectors, type VectorFormat } from './vectorFormat.js';

export interface DenseOptions {
  /** How embeddings are kept and searched; as precise as the contract's arithmetic deserves unless given. */
  format?: VectorFormat | undefined;
  /** What embeddings of all models may take on the disk; 0 keeps none. */
  cacheBytes?: number;
  /** Where they are kept. */
  root?: string;
}

/** Kept unless said otherwise. */
export const defaultCacheBytes = 200e9;

/**
 * A retriever that ranks every passage of a task by the inner product of its embedding with the query's. The corpus
 * passes shard by shard: read, encoded, kept, searched. Embeddings that are kept are not made again, so that work that
 * was interrupted goes on at the first missing shard. Of equal scores the passage that comes first in the corpus is kept.
 */
export function denseRetriever(
  encoder: Encoder,
  {
    format = formatFor(encoder.contract.precision),
    cacheBytes = defaultCacheBytes,
    root = embeddingsRoot,
  }: DenseOptions = {},
): Retriever {
  const { name, dimensions } = encoder;
  const identity = encoder.identity();
  return {
    name: `${name} contract=${contractHash(encoder.contract).slice(0, 12)} vectors=${format}`,
    identity: `${identity} ${format}`,
    async retrieve({ corpus, queries }, depth, onProgress = () => {}) {
      const all = queries.length + corpus.ids.size;
      const cache = await openEmbeddingCache(root, { name, identity, dimensions, format }, cacheBytes, all);
      const encode = async (kind: TextKind, texts: readonly TextToEncode[], key: string, before: number) => {
        const encoded = await encoder.encode(kind, texts, (done) => onProgress(before + done, all));
        if (cache) await cache.write(kind + key, encoded);
        // As it would come back from the disk, so that kept and new embeddings give the same scores.
        return format === 'float32' ? encoded : unpackVectors(packVectors(encoded, format), format);
      };
      const asked = textsHash(queries);
      const vectors =
        (await cache?.read(`query${asked}`, queries.length)) ?? (await encode('query', queries, asked, 0));
      const search = openSearch(vectors, dimensions, depth);
      try {
        let row = 0;
        for await (const { shard, kept, passages } of shardsOf(corpus, cache)) {
          search.add(row, kept ?? (await encode('passage', passages, shard.hash, queries.length + row)));
          onProgress(queries.length + (row += shard.rows), all);
          await new Promise(setImmediate); // lets progress and interruption through
        }
        const run = packedRun(corpus.ids);
        for (const hits of search.take()) run.add(queries[run.size]!.id, hits);
        return run;
      } finally {
        search.close();
      }
    },
  };
}

/** A shard with its embeddings, where they are kept, or with its texts. */
type Shard = { shard: CorpusShard } & (
  { kept: Float32Array; passages?: never } | { kept?: never; passages: Passage[] }
);

/** Every shard in its order. Texts are read for missing embeddings alone, one shard ahead. */
async function* shardsOf(corpus: Corpus, cache: EmbeddingCache | undefined): AsyncGenerator<Shard> {
  const isKept: boolean[] = [];
  for (const { hash, rows } of corpus.shards) isKept.push((await cache?.has(`passage${hash}`, rows)) ?? false);
  const reader = corpus.read((shard) => !isKept[shard]);
  const readNext = () => {
    const next = reader.next();
    next.catch(() => {}); // it is thrown where it is awaited, if the work gets there
    return next;
  };
  let next = isKept.includes(false) ? readNext() : undefined;
  try {
    for (const [index, shard] of corpus.shards.entries()) {
      if (isKept[index]) {
        const kept = await cache!.read(`passage${shard.hash}`, shard.rows);
        if (!kept) throw new UserError('kept embeddings were removed while they were in use; run again');
        yield { shard, kept };
      } else {
        const { passages } = (await next!).value as { passages: Passage[] };
        next = readNext();
        yield { shard, passages };
      }
    }
  } finally {
    await reader.return(undefined);
  }
}
