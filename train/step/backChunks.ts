import type { ChunkDropout, Dropout } from '../../model/layer/dropout.js';
import type { Sequence } from '../../model/pass/sequence.js';
import { partOf } from './texts/dealTexts.js';
import type { EmbeddedTexts } from './embedTexts.js';
import { chunksOf, type TextSet } from './texts/textChunks.js';

/** Texts whose gradient is backpropagated together. */
export interface BackChunk {
  texts: Sequence[];
  set: number;
  dropout: ChunkDropout | undefined;
  /** Where their rows begin among those of their set that are backpropagated. */
  first: number;
  /** The chunk of the first pass that was kept, and which of its texts these are; absent where none was. */
  kept?: { index: number; places: number[] };
}

/**
 * What the second pass is made of: of each chunk that the first pass kept the texts that are backpropagated, which may be
 * none, then the others, cut anew.
 * @param chosen  of each set the places in its order that are backpropagated, ascending
 */
export function backChunks(
  sets: readonly TextSet[],
  { chunks, passes }: Pick<EmbeddedTexts, 'chunks' | 'passes'>,
  chosen: readonly (readonly number[])[],
  chunkTokens: number,
  dropout: Dropout | undefined,
): BackChunk[] {
  const done = sets.map(() => ({ places: 0, rows: 0 }));
  const made: BackChunk[] = [];
  // Those that were kept are the first ones: room for them runs out once.
  chunks.forEach(({ texts, set, dropout }, index) => {
    if (!passes[index]) return;
    const { places: start, rows: first } = done[set]!;
    const end = start + texts.length;
    const places = chosen[set]!.filter((place) => place >= start && place < end).map((place) => place - start);
    made.push({
      ...{ texts: places.map((place) => texts[place]!), set, first, kept: { index, places } },
      dropout: dropout && { ...dropout, texts: places.map((place) => dropout.texts[place]!) },
    });
    done[set] = { places: end, rows: first + places.length };
  });
  sets.forEach((all, set) => {
    const others = partOf(
      all,
      chosen[set]!.filter((place) => place >= done[set]!.places),
    );
    for (const { texts, dropout: masks } of chunksOf([others], chunkTokens, dropout)) {
      made.push({ texts, set, dropout: masks, first: done[set]!.rows });
      done[set]!.rows += texts.length;
    }
  });
  return made;
}
