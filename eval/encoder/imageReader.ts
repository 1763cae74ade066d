import type { ImageContract } from '../../configs/contract.js';
import { measureImage } from '../../data/image/decodeImage.js';
import type { PreparedImage } from '../../data/image/imageRules.js';
import { startImageThreads } from '../../data/image/imageThreads.js';
import { readEncoded } from '../../data/image/readEncoded.js';
import { smartSize } from '../../data/image/smartSize.js';
import type { MixedSequence } from '../../model/pass/sequence.js';
import { inTurns } from '../../model/pass/stepwise.js';
import { imageFeatures } from '../../model/vision/imageFeatures.js';
import { imageRules, type Vision } from '../../model/vision/openVision.js';
import { placeImages, type PlacedIds } from '../../model/vision/placeImages.js';
import { imagePositions } from '../../model/vision/positions.js';
import { disposeTower, type TowerWeights } from '../../model/vision/tower.js';

/** Reads images for an encoder: decoded in threads of their own, then through the vision tower. */
export interface ImageReader {
  /** What embeddings depend on beside contract and weights. */
  identity: string;
  /**
   * Put the tokens of images where their marks stand; the images are measured, not decoded.
   * @throws UserError naming the file that cannot be used
   */
  place(marked: Int32Array, files: readonly string[]): Promise<PlacedIds>;
  /** Begin to decode the images of documents that go through the model together, each file once. */
  begin(files: readonly string[]): BegunImages;
  /** Frees the tower and ends the threads. */
  close(): Promise<void>;
}

/** Images that are being decoded. */
export interface BegunImages {
  /** The document as the model reads it, its images through the tower. @throws UserError as `place` */
  sequence(placed: PlacedIds, files: readonly string[]): Promise<MixedSequence>;
}

/** @param threads  that decode and resize */
export function openImageReader(
  { config, ids, values }: Vision,
  tower: TowerWeights,
  contract: ImageContract,
  threads: number,
): ImageReader {
  const rules = imageRules(contract, config);
  const token = config.patch * config.merge;
  const workers = startImageThreads(rules, threads);
  const gridOf = async (file: string) => {
    const { height, width } = await readEncoded(file, async (encoded) => smartSize(await measureImage(encoded), rules));
    return { rows: height / token, columns: width / token };
  };
  return {
    identity: JSON.stringify(config),
    place: async (marked, files) => placeImages(marked, await Promise.all(files.map(gridOf)), ids),
    begin(files) {
      const prepared = new Map<string, Promise<PreparedImage>>();
      for (const file of new Set(files)) {
        const image = workers.prepare(file);
        image.catch(() => {}); // it is thrown where it is awaited
        prepared.set(file, image);
      }
      const known = new Map<string, Float32Array>();
      const featuresOf = async (file: string) => {
        const features =
          known.get(file) ?? (await inTurns(imageFeatures(await prepared.get(file)!, tower, config, values)));
        known.set(file, features);
        return features;
      };
      return {
        async sequence(placed, files) {
          const inserted = [];
          for (const [index, { at }] of placed.images.entries())
            inserted.push({ at, values: await featuresOf(files[index]!) });
          const positions = imagePositions(placed.ids.length, placed.images, contract.positions);
          return { ids: placed.ids, inserted, positions };
        },
      };
    },
    async close() {
      await workers.close();
      disposeTower(tower);
    },
  };
}
