import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { UserError } from '../../../configs/userError.js';
import { imageHashes } from '../../arrow/images/imageFile.js';
import { createImageWriter, type ImageWriter, type NewImage } from '../../arrow/images/imageWriter.js';
import type { ImageKeeping } from '../../arrow/images/imageSchema.js';
import type { Example } from '../../example/example.js';
import { isBlank } from '../../example/row/textOf.js';
import { textId } from '../../example/textId.js';
import { readRange } from '../../files/read/readRange.js';
import { checkImage } from '../../image/checkImage.js';
import { readEncoded } from '../../image/readEncoded.js';
import type { GivenExample, GivenPassage } from '../source/assemble.js';
import type { GivenImage } from '../source/givenImages.js';
import type { StoreImages } from '../source/takeRow.js';

/** Keeps the images of an import, each distinct one once. */
export interface ImageStore extends Pick<ImageWriter, 'flush' | 'sync' | 'finish' | 'close'> {
  store: StoreImages;
  /** How many there are. */
  count(): number;
}

/** Images that are decoded at a time: each takes three bytes a pixel. */
const atOnce = 4;

/** Begin to keep images, or go on. @param length  of the file that it goes on with, 0 for a new one */
export async function openImageStore(path: string, keeping: ImageKeeping, length: number): Promise<ImageStore> {
  const kept = new Set(length === 0 ? [] : await imageHashes(path, keeping, length));
  const writer = await createImageWriter(path, keeping, length);
  /** Of files that were read, so that a page among many negatives is read once. */
  const byPath = new Map<string, string>();
  const hashOf = async (image: GivenImage): Promise<Checked> => {
    if (image.problem !== undefined) throw new Refused(image.problem);
    const known = image.path === undefined ? undefined : byPath.get(image.path);
    if (known !== undefined) return { sha256: known };
    const bytes = await encoded(image);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (keeping === 'link' && image.path === undefined)
      throw new UserError('lies within its row and has no file to link to; --images copy keeps it');
    return kept.has(sha256)
      ? { sha256 }
      : { sha256, made: { sha256, bytes, path: image.path, ...(await checkImage(bytes)) } };
  };
  const check = async (images: GivenImage[]): Promise<Checked[]> => {
    const all: Checked[] = [];
    for (let from = 0; from < images.length; from += atOnce) {
      const some = images.slice(from, from + atOnce).map((image) => named(image, hashOf(image)));
      // Of several that cannot be used the first is told, whichever was found out first.
      for (const one of await Promise.allSettled(some)) {
        if (one.status === 'rejected') throw one.reason;
        all.push(one.value);
      }
    }
    return all;
  };
  return {
    flush: writer.flush,
    sync: writer.sync,
    finish: writer.finish,
    close: writer.close,
    count: () => kept.size,
    async store(given) {
      const images = imagesOf(given);
      try {
        const checked = await check(images);
        // Only now: a row that is left out leaves no image behind.
        for (const [index, { sha256, made }] of checked.entries()) {
          const { path } = images[index]!;
          if (path !== undefined) byPath.set(path, sha256);
          if (!made || kept.has(sha256)) continue;
          kept.add(sha256);
          await writer.add(made);
        }
        return withHashes(
          given,
          checked.map(({ sha256 }) => sha256),
        );
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return { reason: error.reason, content: error.content ?? given.query };
      }
    },
  };
}

/** A row without its images, for those who want its texts alone. */
export const leaveImagesOut: StoreImages = async ({ queryImages: _, ...given }) => {
  const plain = ({ images: _, ...passage }: GivenPassage) => passage;
  const [positives, negatives] = [given.positives.map(plain), given.negatives.map(plain)];
  const isEmpty = [...positives, ...negatives].some(({ title, text }) => isBlank(title) && isBlank(text));
  if (isBlank(given.query)) return { reason: 'query empty without its images', content: '' };
  if (isEmpty) return { reason: 'a passage that is empty without its images', content: given.query };
  return { ...given, id: given.id || textId(Buffer.from(given.query)), positives, negatives };
};

interface Checked {
  sha256: string;
  /** What is still to be kept. */
  made?: NewImage;
}

/** An image that cannot be used. `reason` is the same for like images, `content` is listed with it. */
class Refused extends Error {
  constructor(
    readonly reason: string,
    readonly content?: string,
  ) {
    super(reason);
  }
}

async function named<T>({ name }: GivenImage, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new Refused(`an image that ${error.message.replace(/\d+ x \d+/, 'N x N')}`, `${name} ${error.message}`);
  }
}

async function encoded({ bytes, path, within }: GivenImage): Promise<Uint8Array> {
  if (bytes) return bytes;
  if (path !== undefined) return readFileOf(path);
  const { file, offset, length } = within!;
  const handle = await open(file);
  try {
    return await readRange(handle, offset, length);
  } finally {
    await handle.close();
  }
}

/** The message of a file that cannot be read names it; here the name is put before it by others. */
async function readFileOf(path: string): Promise<Uint8Array> {
  return readEncoded(path, (bytes) => Promise.resolve(bytes)).catch((error) => {
    if (!(error instanceof UserError)) throw error;
    const [what] = [`cannot read ${path}: `, `${path} `].filter((start) => error.message.startsWith(start));
    throw new UserError(
      error.message.slice(what?.length ?? 0).replace(/^it does not exist$/, 'does not exist; put it there'),
    );
  });
}

const imagesOf = ({ queryImages = [], positives, negatives }: GivenExample): GivenImage[] => [
  ...queryImages,
  ...[...positives, ...negatives].flatMap(({ images = [] }) => images),
];

/** A row with the hashes of its images, in the order of `imagesOf`; of a row without an id they decide it too. */
function withHashes({ queryImages, ...given }: GivenExample, hashes: string[]): Example {
  let next = 0;
  const take = (images: unknown[]) => hashes.slice(next, (next += images.length));
  const shown = queryImages && take(queryImages);
  const stored = ({ images, ...passage }: GivenPassage) => ({ ...passage, ...(images && { images: take(images) }) });
  return {
    ...given,
    id: given.id || textId(Buffer.from([given.query, ...(shown ?? [])].join('\n'))),
    ...(shown && { queryImages: shown }),
    positives: given.positives.map(stored),
    negatives: given.negatives.map(stored),
  };
}
