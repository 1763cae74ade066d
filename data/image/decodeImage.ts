import sharp, { type Metadata, type Sharp } from 'sharp';
import { UserError } from '../../configs/userError.js';
import { imageKind } from './formats.js';
import type { ImageRules } from './imageRules.js';
import type { Pixels } from './resample.js';
import type { Size } from './smartSize.js';

/** What is decoded takes three or four bytes a pixel. A page of A4 at 600 dots an inch has 35 million. */
const mostPixels = 2 ** 26;
const mostSeconds = 120;

// Several images are decoded at a time, each by one thread, and none twice.
sharp.concurrency(1);
sharp.cache(false);

/**
 * The size of an encoded image, turned as EXIF says; its pixels are not decoded.
 * @throws UserError without the image's name, for the caller to put before it: what the image is, and what to do
 */
export async function measureImage(encoded: Uint8Array): Promise<Size> {
  return sizeOf(await readHeader(encoded));
}

/**
 * Decode an image to red, green and blue: the first frame, turned as EXIF says, 16 bits cut to the upper 8, grey and
 * palettes spread out. A colour profile is left aside. These are the bytes that Pillow gives, which published models saw.
 * @throws UserError as `measureImage`, and for one that is cut short or damaged
 */
export async function decodeImage(encoded: Uint8Array, alpha: ImageRules['alpha']): Promise<Pixels> {
  const header = await readHeader(encoded);
  const turned = open(encoded).rotate().timeout({ seconds: mostSeconds });
  if (header.space === 'cmyk')
    return fromInks(await rawPixels(turned.pipelineColourspace('cmyk').toColourspace('cmyk')));
  if (header.hasAlpha && alpha === 'white')
    return overWhite(await rawPixels(turned.ensureAlpha().toColourspace('srgb')));
  return rawPixels(turned.removeAlpha().toColourspace('srgb'));
}

const open = (encoded: Uint8Array): Sharp =>
  // A warning, such as bytes between two parts, leaves the image whole.
  sharp(encoded, { ignoreIcc: true, failOn: 'error', limitInputPixels: mostPixels });

async function readHeader(encoded: Uint8Array): Promise<Metadata> {
  imageKind(encoded);
  // The limit is kept here, to be told with the image's size.
  const header = await withReason(() => sharp(encoded, { limitInputPixels: false }).metadata());
  const { height, width } = sizeOf(header);
  if (height * width > mostPixels)
    throw new UserError(`is ${width} x ${height} pixels; at most ${mostPixels} in all are read; make it smaller`);
  return header;
}

const sizeOf = ({ autoOrient }: Metadata): Size => ({ height: autoOrient.height, width: autoOrient.width });

interface RawPixels extends Pixels {
  channels: number;
}

async function rawPixels(image: Sharp): Promise<RawPixels> {
  const { data, info } = await withReason(() =>
    image.clone().raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }),
  );
  return { bytes: data, height: info.height, width: info.width, channels: info.channels };
}

/** Of a fifth of damaged images it is unknown at a time why they are, where sound ones are decoded beside them. */
const mostTries = 20;

/**
 * Have libvips do something, again where it failed and cannot say why: it keeps the reason in one place for all threads, and
 * a thread that has ended its own work clears it.
 */
async function withReason<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++)
    try {
      return await work();
    } catch (error) {
      if (tries === mostTries || !/^Unknown error/.test((error as Error).message)) throw damaged(error as Error);
    }
}

function damaged(error: Error): UserError {
  const [cause = ''] = error.message.split('\n');
  return new UserError(
    /premature end|truncated|unexpected end|not enough data|read error/i.test(cause)
      ? 'is cut short; fetch it again'
      : `is damaged (${cause.trim()}); fetch it again, or leave it out`,
  );
}

/** Cyan, magenta, yellow and black to red, green and blue, each channel (255 - ink) darkened by black. Source: Pillow. */
function fromInks({ bytes, height, width }: RawPixels): Pixels {
  const out = new Uint8Array(height * width * 3);
  for (let from = 0, to = 0; to < out.length; from += 4) {
    const light = 255 - bytes[from + 3]!;
    for (let channel = 0; channel < 3; channel++)
      out[to++] = Math.max(0, light - timesOf255(bytes[from + channel]! * light));
  }
  return { bytes: out, height, width };
}

/** Source: Pillow `alpha_composite` over opaque white. */
function overWhite({ bytes, height, width }: RawPixels): Pixels {
  const out = new Uint8Array(height * width * 3);
  for (let from = 0, to = 0; to < out.length; from += 4) {
    const opacity = bytes[from + 3]!;
    for (let channel = 0; channel < 3; channel++)
      out[to++] = composite(bytes[from + channel]! * opacity + 255 * (255 - opacity));
  }
  return { bytes: out, height, width };
}

/** A product of two bytes divided by 255, rounded. */
function timesOf255(product: number): number {
  const sum = product + 128;
  return ((sum >> 8) + sum) >> 8;
}

/** The same with seven bits more, as Pillow composes. */
function composite(product: number): number {
  const sum = (product + 128) << 7;
  return ((sum >> 8) + sum) >> 15;
}
