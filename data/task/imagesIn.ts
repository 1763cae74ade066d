import { dirname, resolve } from 'node:path';
import { UserError } from '../../configs/userError.js';
import { imageInFile, imageInMemory, type ImageSource } from '../image/imageSource.js';

/**
 * The images of a row: in `image` or `images` the name of a file beside the table, the bytes of one, or both as
 * `{bytes, path}`; or a list of these.
 * @param table  the file that holds the row
 * @param check  refuses an encoded image, without its name
 * @returns undefined where the row has none
 * @throws UserError naming the row, and the image that cannot be had
 */
export async function imagesIn(
  row: Record<string, unknown>,
  location: string,
  table: string,
  check?: (encoded: Uint8Array) => Promise<unknown>,
): Promise<ImageSource[] | undefined> {
  const value = fieldOf(row);
  if (value === undefined || value === null) return undefined;
  const given = (Array.isArray(value) ? value : [value]).map(partsOf);
  const images: ImageSource[] = [];
  for (const [index, part] of given.entries()) {
    if (part === null) continue;
    if (part === undefined)
      throw new UserError(
        `${location}: image must be the name of a file, or a list of them; got ${JSON.stringify(value)}`,
      );
    const { bytes, path } = part;
    try {
      if (bytes === undefined) images.push(await imageInFile(resolve(dirname(table), path!), check));
      else {
        await check?.(bytes);
        images.push(imageInMemory(bytes, `image ${path || index + 1} of ${location}`));
      }
    } catch (error) {
      const whose = bytes === undefined ? ':' : `: image ${path || index + 1}`;
      throw error instanceof UserError ? new UserError(`${location}${whose} ${error.message}`) : error;
    }
  }
  return images.length === 0 ? undefined : images;
}

/** Whether a row says anything of images. */
export const mayHaveImages = (row: Record<string, unknown>): boolean => (fieldOf(row) ?? null) !== null;

const fieldOf = (row: Record<string, unknown>) => row['image'] ?? row['images'];

/** @returns null for no image, undefined for what is none */
function partsOf(value: unknown): { bytes?: Uint8Array; path?: string } | null | undefined {
  if (value instanceof Uint8Array) return value.length === 0 ? null : { bytes: value };
  if (typeof value === 'string') return value === '' ? undefined : { path: value };
  if (typeof value !== 'object') return undefined;
  if (value === null) return null;
  const { bytes, path } = value as { bytes?: unknown; path?: unknown };
  if (bytes instanceof Uint8Array && bytes.length > 0) return { bytes, ...(typeof path === 'string' && { path }) };
  if (typeof path === 'string' && path !== '') return { path };
  return bytes === null || path === null ? null : undefined;
}
