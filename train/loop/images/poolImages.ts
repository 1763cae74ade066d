import type { ImageContract } from '../../../configs/contract.js';
import type { ImageSource } from '../../../data/image/imageSource.js';
import type { PreparedImage } from '../../../data/image/imageRules.js';
import type { Size } from '../../../data/image/smartSize.js';
import type { TokenPool } from '../../../data/stream/tokenPools.js';
import type { Dropout } from '../../../model/layer/dropout.js';
import type { Parameters } from '../../../model/layer/lora.js';
import type { Gradients } from '../../../model/pass/encodeChunk.js';
import type { RowGradients } from '../../../model/pass/rowGradients.js';
import type { MixedSequence, Sequence } from '../../../model/pass/sequence.js';
import { inTurns } from '../../../model/pass/stepwise.js';
import { imageFeatures } from '../../../model/vision/imageFeatures.js';
import { fillTowerGradients, imageGradient } from '../../../model/vision/imageGradient.js';
import { gridOf, type Vision } from '../../../model/vision/openVision.js';
import { mixedSequence } from '../../../model/vision/mixedSequence.js';
import { placeImages } from '../../../model/vision/placeImages.js';
import type { TowerWeights } from '../../../model/vision/tower.js';
import type { PoolTokens } from '../../step/poolGradient.js';

/** The images of training data, as updates need them. */
export interface PoolImages {
  /** The texts of a pool with the tokens of their images; what these hold is still to come. */
  place(pool: TokenPool): PoolTokens;
  /**
   * Let the tower make what the images of these sequences hold. Images are decoded a few ahead of it, and each distinct one
   * goes through it once until `forget`: its features wait on the host.
   * @param given    as `inTurns` has it
   * @param dropout  of the inputs of the tower's adapters, the same until `forget`
   * @throws UserError naming an image that cannot be used
   */
  fill(sequences: readonly Sequence[], given: () => Error | undefined, dropout?: Dropout): Promise<void>;
  /** Where the tower learns: what the pools of an update add the gradients of the features to. */
  gradients: RowGradients | undefined;
  /**
   * Send these back through the tower, each image once, to the parameters of its adapters: all of them have a gradient
   * then. Does nothing where the tower does not learn.
   * @param into  gradients are added to what is there
   */
  backpropagate(
    parameters: Parameters,
    into: Gradients,
    given: () => Error | undefined,
    dropout?: Dropout,
  ): Promise<void>;
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
  const known = new Map<string, KnownFeatures>();
  const gradients: RowGradients | undefined = contract.tower === 'adapted' ? new Map() : undefined;
  /** Of each sequence the images whose rows it waits for. */
  const waiting = new WeakMap<MixedSequence, readonly string[]>();
  const place = (marked: Int32Array, hashes: readonly string[]): Sequence => {
    if (hashes.length === 0) return marked;
    const grids = hashes.map((sha256) => gridOf(images.sizeOf(sha256), contract, config));
    const unseen = hashes.map(() => nothing);
    const sequence = mixedSequence(placeImages(marked, grids, ids), unseen, contract.positions);
    waiting.set(sequence, hashes);
    return sequence;
  };
  return {
    place: ({ images: hashes, ...pool }) => ({
      ...pool,
      queries: pool.queries.map((marked, index) => place(marked, hashes?.queries[index] ?? [])),
      passages: pool.passages.map((marked, index) => place(marked, hashes?.passages[index] ?? [])),
    }),
    gradients,
    async fill(sequences, given, dropout) {
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
        const image = await coming.shift()!;
        const drawn = dropout && dropoutOf(dropout, sha256);
        const features = await inTurns(imageFeatures(image, tower, config, values, drawn), given);
        known.set(sha256, { features, ...(gradients && { image }) });
      }
      for (const sequence of mixed)
        waiting.get(sequence)?.forEach((sha256, index) => {
          sequence.inserted[index]!.values = known.get(sha256)!.features;
        });
    },
    async backpropagate(parameters, into, given, dropout) {
      if (!gradients) return;
      for (const [sha256, { features, image }] of known) {
        const upstream = gradients.get(features);
        if (!upstream) continue;
        const drawn = dropout && dropoutOf(dropout, sha256);
        const work = imageGradient(image!, tower, config, values, upstream, into, drawn);
        await inTurns(work, given);
      }
      fillTowerGradients(parameters, into);
    },
    forget() {
      known.clear();
      gradients?.clear();
    },
  };
}

/** What the tower has made of an image and, where that learns, the image itself. */
interface KnownFeatures {
  features: Float32Array;
  image?: PreparedImage;
}

/** What an image drops depends on what it holds, never on when or where its turn comes. */
function dropoutOf({ rate, seed }: Dropout, sha256: string): Dropout {
  const [first, second] = [0, 8].map((at) => parseInt(sha256.slice(at, at + 8), 16)) as [number, number];
  return { rate, seed: [seed[0] ^ first, seed[1] ^ second] };
}

const nothing = new Float32Array(0);
