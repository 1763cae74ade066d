import type { ExampleFile } from '../../../data/arrow/openExamples.js';
import type { KnownImages } from './poolImages.js';

/** The images of several files; the same one may be in more than one of them. */
export function knownImages(files: readonly ExampleFile[]): KnownImages {
  const holderOf = (sha256: string) => files.find(({ images }) => images?.images.has(sha256))!.images!;
  return {
    sizeOf: (sha256) => holderOf(sha256).images.get(sha256)!,
    source(sha256) {
      const { path, read } = holderOf(sha256);
      return { sha256, name: `${path}: image ${sha256.slice(0, 12)}`, read: () => read(sha256) };
    },
  };
}

/** Whether queries or passages have images. */
export const haveImages = (files: readonly ExampleFile[]): boolean =>
  files.some(({ images }) => images !== undefined && images.images.size > 0);
