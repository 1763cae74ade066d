import { createHash } from 'node:crypto';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { Message, type Schema } from 'apache-arrow';
import { UserError } from '../../../configs/userError.js';
import { explainReadFailure } from '../../files/read/explainReadFailure.js';
import { readRange } from '../../files/read/readRange.js';
import { batchesIn } from '../batchesIn.js';
import { scanArrow, type MessagePlace } from '../message/scanArrow.js';
import { imageSchema, imagesPath, type ImageFacts, type ImageKeeping } from './imageSchema.js';

/** An image of a file of images. */
interface KeptImage extends ImageFacts {
  /** Of the encoded image. */
  size: number;
}

/** The images of a file of training examples, each read alone. */
export interface ImageFile {
  path: string;
  keeping: ImageKeeping;
  /** By SHA-256, in the order of the file. */
  images: ReadonlyMap<string, KeptImage>;
  /** The encoded image. @throws UserError when it is not there, or is not what it was when it was imported */
  read(sha256: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Open the images of a file of examples; all is read but the images. @throws UserError when they are not there, or damaged */
export async function openImages(examples: string): Promise<ImageFile> {
  const path = imagesPath(examples);
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT'
      ? new UserError(
          `${examples} has images, which should lie in ${path}; put that file beside it, or import it again`,
        )
      : explainReadFailure(error, path);
  });
  try {
    const { schema, batches } = await scanArrow(file, path);
    const keeping = keepingOf(schema);
    if (!keeping) throw new UserError(`${path} is no file of images; import ${examples} again`);
    const images = new Map<string, KeptImage & Place>();
    for (const batch of batches)
      for (const image of await imagesOf(file, batch, keeping, path)) images.set(image.sha256, image);
    return {
      path,
      keeping,
      images,
      async read(sha256) {
        const image = images.get(sha256);
        if (!image) throw new UserError(`${path} lacks image ${sha256}; import ${examples} again`);
        const bytes = image.file === null ? await readRange(file, image.at, image.size) : await readLinked(image.file);
        if (createHash('sha256').update(bytes).digest('hex') !== sha256)
          throw new UserError(
            `${image.file ?? path} holds another image than ${sha256}, or a damaged one; import again`,
          );
        return bytes;
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The hashes of a file of images that is not complete, in its first `length` bytes. */
export async function imageHashes(path: string, keeping: ImageKeeping, length: number): Promise<string[]> {
  const file = await open(path);
  try {
    const all: string[] = [];
    for (const { offset, headerLength, bodyLength } of await batchesIn(path, length)) {
      const place = { offset, length: headerLength + bodyLength };
      for (const { sha256 } of await imagesOf(file, place, keeping, path)) all.push(sha256);
    }
    return all;
  } finally {
    await file.close();
  }
}

/** Of the encoded image: a file of its own, or else a byte of this file. */
interface Place {
  file: string | null;
  at: number;
}

function keepingOf({ fields }: Schema): ImageKeeping | undefined {
  const shape = (schema: Pick<Schema, 'fields'>) => schema.fields.map(({ name, type }) => `${name} ${type}`).join();
  return (['copy', 'link'] as const).find((keeping) => shape(imageSchema(keeping)) === shape({ fields }));
}

async function imagesOf(file: FileHandle, { offset, length }: MessagePlace, keeping: ImageKeeping, path: string) {
  const headerLength = (await readRange(file, offset, 8)).readInt32LE(4);
  const header = Message.decode(await readRange(file, offset + 8, headerLength)).header() as unknown as BatchMessage;
  const body = offset + 8 + headerLength;
  const damaged = () => new UserError(`${path} is damaged: the images at byte ${offset} cannot be told; import again`);
  if (header.compression) throw damaged();
  const rows = Number(header.length);
  let next = 0;
  const place = () => {
    const buffer = header.buffers[next++];
    const [from, bytes] = [Number(buffer?.offset), Number(buffer?.length)];
    if (!(from >= 0 && bytes >= 0 && body + from + bytes <= offset + length)) throw damaged();
    return { at: body + from, bytes };
  };
  const numbers = async ({ at, bytes }: { at: number; bytes: number }, count: number) => {
    if (bytes < 4 * count) throw damaged();
    const held = await readRange(file, at, 4 * count);
    return Array.from({ length: count }, (_, index) => held.readInt32LE(4 * index));
  };
  const integers = async () => {
    place(); // the validity of values that are never null
    return numbers(place(), rows);
  };
  const ranges = async () => {
    place();
    const ends = await numbers(place(), rows + 1);
    const { at, bytes } = place();
    const isRising = ends.every((end, index) => end >= (ends[index - 1] ?? 0)) && ends[rows]! <= bytes;
    if (!isRising) throw damaged();
    return { at, ends };
  };
  const texts = async () => {
    const { at, ends } = await ranges();
    const held = await readRange(file, at, ends[rows]!);
    return Array.from({ length: rows }, (_, row) => held.toString('utf8', ends[row], ends[row + 1]));
  };
  const sha256 = await texts();
  const content = keeping === 'copy' ? await ranges() : { paths: await texts(), sizes: await integers() };
  const formats = await texts();
  const [heights, widths] = [await integers(), await integers()];
  return sha256.map((hash, row): KeptImage & Place => ({
    sha256: hash,
    ...{ format: formats[row]!, height: heights[row]!, width: widths[row]! },
    ...('paths' in content
      ? { file: content.paths[row]!, at: 0, size: content.sizes[row]! }
      : { file: null, at: content.at + content.ends[row]!, size: content.ends[row + 1]! - content.ends[row]! }),
  }));
}

type BatchMessage = { compression: unknown; length: number; buffers: { offset: number; length: number }[] };

async function readLinked(path: string): Promise<Buffer> {
  return readFile(path).catch((error) => {
    throw explainReadFailure(error, path);
  });
}
