import type { ImageContract } from '../../configs/contract.js';
import { UserError } from '../../configs/userError.js';
import { measureImage } from '../../data/image/decodeImage.js';
import type { PreparedImage } from '../../data/image/imageRules.js';
import { startImageThreads } from '../../data/image/imageThreads.js';
import type { ImageSource } from '../../data/image/imageSource.js';
import type { MixedSequence } from '../../model/pass/sequence.js';
import { inTurns } from '../../model/pass/stepwise.js';
import { imageFeatures } from '../../model/vision/imageFeatures.js';
import { gridOf, imageRules, type Vision } from '../../model/vision/openVision.js';
import { mixedSequence } from '../../model/vision/mixedSequence.js';
import { placeImages, type PlacedIds } from '../../model/vision/placeImages.js';
import { disposeTower, type TowerWeights } from '../../model/vision/tower.js';

/** Reads images for an encoder: decoded in threads of their own, then through the vision tower. */
export interface ImageReader {
  /** What embeddings depend on beside contract and weights. */
  identity: string;
  /**
   * Put the tokens of images where their marks stand; the images are measured, not decoded.
   * @throws UserError naming the image that cannot be used
   */
  place(marked: Int32Array, images: readonly ImageSource[]): Promise<PlacedIds>;
  /** Begin to decode the images of documents that go through the model together, each once. */
  begin(images: readonly ImageSource[]): BegunImages;
  /** Decode and resize one, in a thread. @throws UserError naming the image that cannot be used */
  prepare(image: ImageSource): Promise<PreparedImage>;
  /** Frees the tower and ends the threads. */
  close(): Promise<void>;
}

/** Images that are being decoded. */
export interface BegunImages {
  /** The document as the model reads it, its images through the tower. @throws UserError as `place` */
  sequence(placed: PlacedIds, images: readonly ImageSource[]): Promise<MixedSequence>;
}

/** @param threads  that decode and resize */
export function openImageReader(
  { config, ids, values }: Vision,
  tower: TowerWeights,
  contract: ImageContract,
  threads: number,
): ImageReader {
  const workers = startImageThreads(imageRules(contract, config), threads);
  const grid = (image: ImageSource) =>
    named(image, async (encoded) => gridOf(await measureImage(encoded), contract, config));
  return {
    identity: JSON.stringify(config),
    prepare: workers.prepare,
    place: async (marked, images) => placeImages(marked, await Promise.all(images.map(grid)), ids),
    begin(images) {
      const prepared = new Map<string, Promise<PreparedImage>>();
      for (const image of images) {
        if (prepared.has(image.sha256)) continue;
        const work = workers.prepare(image);
        work.catch(() => {}); // it is thrown where it is awaited
        prepared.set(image.sha256, work);
      }
      const known = new Map<string, Float32Array>();
      const featuresOf = async ({ sha256 }: ImageSource) => {
        const features =
          known.get(sha256) ?? (await inTurns(imageFeatures(await prepared.get(sha256)!, tower, config, values)));
        known.set(sha256, features);
        return features;
      };
      return {
        async sequence(placed, images) {
          const values = [];
          for (const image of images) values.push(await featuresOf(image));
          return mixedSequence(placed, values, contract.positions);
        },
      };
    },
    async close() {
      await workers.close();
      disposeTower(tower);
    },
  };
}

/** What is wrong with an image is told with its name. */
async function named<T>(image: ImageSource, work: (encoded: Uint8Array) => Promise<T>): Promise<T> {
  const encoded = await image.read();
  try {
    return await work(encoded);
  } catch (error) {
    throw error instanceof UserError ? new UserError(`${image.name} ${error.message}`) : error;
  }
}
