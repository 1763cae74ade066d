import sharp from 'sharp';
import type { Pixels } from '../../image/resample.js';
import { toSvg, type Drawing } from './drawing.js';

/** The page as a PNG file. */
export const renderPage = (page: Drawing): Promise<Buffer> => opaque(page).png().toBuffer();

/** The page's pixels, those of its PNG file. */
export async function renderPixels(page: Drawing): Promise<Pixels> {
  return { bytes: await opaque(page).raw().toBuffer(), height: page.height, width: page.width };
}

const opaque = (page: Drawing) => sharp(Buffer.from(toSvg(page))).removeAlpha();
