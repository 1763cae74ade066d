import type { ImageContract } from '../../configs/contract.js';
import type { ImageSource } from '../../data/image/imageSource.js';
import type { PreparedImage } from '../../data/image/imageRules.js';
import type { Size } from '../../data/image/smartSize.js';
import type { TokenPool } from '../../data/stream/tokenPools.js';
import type { MixedSequence, Sequence } from '../../model/pass/sequence.js';
import { inTurns } from '../../model/pass/stepwise.js';
import { imageFeatures } from '../../model/vision/imageFeatures.js';
import { gridOf, type Vision } from '../../model/vision/openVision.js';
import { placeImages } from '../../model/vision/placeImages.js';
import { imagePositions } from '../../model/vision/positions.js';
import type { TowerWeights } from '../../model/vision/tower.js';
import type { PoolTokens } from '../step/poolGradient.js';

/** The images of training data, as updates need them. */
export interface PoolImages {
  /** The texts of a pool with the tokens of their images; what these hold is still to come. */
  place(pool: TokenPool): PoolTokens;
  /**
   * Let the tower make what the images of these sequences hold. Images are decoded a few ahead of it, and each distinct one
   * goes through it once until `forget`: its features wait on the host.
   * @param given  as `inTurns` has it
   * @throws UserError naming an image that cannot be used
   */
  fill(sequences: readonly Sequence[], given: () => Error | undefined): Promise<void>;
  /** Let go of the features, at the end of an update. */
  forget(): void;
}

/** Images of training data by their SHA-256. */
export interface KnownImages {
  /** Of the image as it is, turned as EXIF says. */
  sizeOf(sha256: string): Size;
  source(sha256: string): ImageSource;
}

/**
 * @param prepare  decodes and resizes an image, perhaps in a thread of its own
 * @param ahead    images that are decoded before the tower asks for them
 */
export function poolImages(
  { config, ids, values }: Vision,
  tower: TowerWeights,
  contract: ImageContract,
  images: KnownImages,
  prepare: (image: ImageSource) => Promise<PreparedImage>,
  ahead: number,
): PoolImages {
  const known = new Map<string, Float32Array>();
  /** Of each sequence the images whose rows it waits for. */
  const waiting = new WeakMap<MixedSequence, readonly string[]>();
  const place = (marked: Int32Array, hashes: readonly string[]): Sequence => {
    if (hashes.length === 0) return marked;
    const grids = hashes.map((sha256) => gridOf(images.sizeOf(sha256), contract, config));
    const placed = placeImages(marked, grids, ids);
    const sequence: MixedSequence = {
      ids: placed.ids,
      inserted: placed.images.map(({ at }) => ({ at, values: nothing })),
      positions: imagePositions(placed.ids.length, placed.images, contract.positions),
    };
    waiting.set(sequence, hashes);
    return sequence;
  };
  return {
    place: ({ images: hashes, ...pool }) => ({
      ...pool,
      queries: pool.queries.map((marked, index) => place(marked, hashes?.queries[index] ?? [])),
      passages: pool.passages.map((marked, index) => place(marked, hashes?.passages[index] ?? [])),
    }),
    async fill(sequences, given) {
      const mixed = sequences.filter((sequence): sequence is MixedSequence => !(sequence instanceof Int32Array));
      const wanted = new Set(mixed.flatMap((sequence) => waiting.get(sequence) ?? []));
      const missing = [...wanted].filter((sha256) => !known.has(sha256));
      const coming: Promise<PreparedImage>[] = [];
      const begin = (sha256: string | undefined) => {
        if (sha256 === undefined) return;
        const image = prepare(images.source(sha256));
        image.catch(() => {}); // thrown where it is awaited, in its turn
        coming.push(image);
      };
      for (const sha256 of missing.slice(0, ahead)) begin(sha256);
      for (const [index, sha256] of missing.entries()) {
        begin(missing[index + ahead]);
        known.set(sha256, await inTurns(imageFeatures(await coming.shift()!, tower, config, values), given));
      }
      for (const sequence of mixed)
        waiting.get(sequence)?.forEach((sha256, index) => {
          sequence.inserted[index]!.values = known.get(sha256)!;
        });
    },
    forget: () => known.clear(),
  };
}

const nothing = new Float32Array(0);
