import { resolve } from 'node:path';
import { isRecord } from './isRecord.js';

/** An image as a row gives it: its bytes, or where they are. */
export interface GivenImage {
  /** For people. */
  name: string;
  /** Encoded, where the row holds them. */
  bytes?: Uint8Array;
  /** Its own file. */
  path?: string;
  /** Where they lie within a file that is at work in the import. */
  within?: { file: string; offset: number; length: number };
  /** Why it cannot be used: that matters only where images are kept. */
  problem?: string;
}

/** Stands for images of a row that cannot be used. */
export const unusable = (problem: string): GivenImage => ({ name: 'an image', problem });

/**
 * The images in a field: bytes, a path, `{bytes, path}` as Hugging Face has it, `{bytes, paths}` of several as MMEB has it,
 * or a list of these. Nulls and blanks are none.
 * @param folder  that paths are relative to
 * @returns the images, or in a few words why the field holds none that can be read
 */
export function givenImages(value: unknown, folder: string): GivenImage[] | string {
  if (Array.isArray(value)) return inTurn(value, folder);
  if (value === null || value === undefined) return [];
  if (value instanceof Uint8Array) return value.length === 0 ? [] : [{ name: 'an image in the row', bytes: value }];
  if (typeof value === 'string') return fromPath(value, folder);
  if (!isRecord(value)) return 'with an image that is neither bytes nor a path';
  const { bytes } = value;
  if (Array.isArray(value['paths']) || Array.isArray(bytes)) return fromLists(bytes, value['paths'], folder);
  const path = value['path'] ?? value['image'] ?? value['url'];
  if (bytes instanceof Uint8Array && bytes.length > 0)
    return [{ name: typeof path === 'string' && path !== '' ? path : 'an image in the row', bytes }];
  if (bytes !== null && bytes !== undefined && !(bytes instanceof Uint8Array))
    return 'with image bytes that are none; Parquet keeps bytes, JSONL names files';
  return path === null || path === undefined || typeof path === 'string'
    ? fromPath(path ?? '', folder)
    : 'with an image path that is no text';
}

function inTurn(values: unknown[], folder: string): GivenImage[] | string {
  const all: GivenImage[] = [];
  for (const value of values) {
    const found = givenImages(value, folder);
    if (typeof found === 'string') return found;
    all.push(...found);
  }
  return all;
}

/** Bytes and paths of several images side by side, either of which may be missing. */
function fromLists(bytes: unknown, paths: unknown, folder: string): GivenImage[] | string {
  const [given, named] = [bytes, paths].map((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  const count = Math.max(given!.length, named!.length);
  return inTurn(
    Array.from({ length: count }, (_, index) => ({ bytes: given![index], path: named![index] })),
    folder,
  );
}

function fromPath(path: string, folder: string): GivenImage[] | string {
  if (path.trim() === '') return [];
  if (/^data:/i.test(path)) return 'with an image written into a text; keep it as a file, or as bytes in Parquet';
  if (/^[a-z][\w+.-]*:\/\//i.test(path)) return 'with an image behind an address; download it and name the file';
  return [{ name: path, path: resolve(folder, path) }];
}
