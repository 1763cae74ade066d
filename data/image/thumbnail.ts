import sharp from 'sharp';
import { UserError } from '../../configs/userError.js';
import { decodeImage } from './decodeImage.js';

/** A small picture of an image, for pages that are read by people alone. */
export interface Thumbnail {
  /** A `data:` address. */
  source: string;
  width: number;
  height: number;
}

/** Pixels of the longer side. */
const longest = 192;

/**
 * Make one, a few kilobytes of WebP, turned as EXIF says and over white.
 * @returns undefined for an image that cannot be read
 */
export async function thumbnailOf(encoded: Uint8Array): Promise<Thumbnail | undefined> {
  const pixels = await decodeImage(encoded, 'white').catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  if (!pixels) return undefined;
  const { bytes, width, height } = pixels;
  const { data, info } = await sharp(bytes, { raw: { width, height, channels: 3 } })
    .resize({ width: longest, height: longest, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 55 })
    .toBuffer({ resolveWithObject: true });
  return { source: `data:image/webp;base64,${data.toString('base64')}`, width: info.width, height: info.height };
}
