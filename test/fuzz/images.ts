/**
 * Feeds damaged images to what reads them.
 *
 *     node --import tsx test/fuzz/images.ts [SECONDS=60] [FIRST SEED=1]
 *
 * Images of every kind are changed at random by seed. What comes out must be patches or a UserError of one line, in bounded
 * time and memory. A case that fails is printed with its seed, from which the same command begins with it.
 */
import sharp, { type Sharp } from 'sharp';
import { UserError } from '../../configs/userError.js';
import { prepareImage } from '../../data/image/prepareImage.js';
import { seededRandom } from '../../data/random.js';
import { damage } from './damage.js';
import type { ValidFile } from './validFiles.js';

const LONGEST_CASE_MS = 20_000;
const MOST_MEMORY_BYTES = 1.5 * 2 ** 30;
const rules = { minPixels: 3136, maxPixels: 100352, alpha: 'white', patch: 14, merge: 2 } as const;

const [seconds = 60, firstSeed = 1] = process.argv.slice(2).map(Number);
const files = await validImages();
const endMs = Date.now() + 1000 * seconds;
const counts = { read: 0, refused: 0, failed: 0 };
let seed = firstSeed;
for (; Date.now() < endMs; seed++) {
  const { file, bytes } = damage(files, seed);
  const begunMs = Date.now();
  const fail = (what: string) => {
    counts.failed++;
    process.exitCode = 1;
    console.log(`FAILED seed ${seed}, ${file.name}: ${what}`);
  };
  try {
    await prepareImage(bytes, rules);
    counts.read++;
  } catch (error) {
    if (error instanceof UserError && !error.message.includes('\n')) counts.refused++;
    else fail(String((error as Error).stack));
  }
  if (Date.now() - begunMs > LONGEST_CASE_MS) fail(`it took ${Date.now() - begunMs} ms`);
  const { rss } = process.memoryUsage();
  if (rss > MOST_MEMORY_BYTES) fail(`${rss} bytes of memory are in use`);
}
console.log(
  `seeds ${firstSeed} to ${seed - 1}: ${counts.read} read, ${counts.refused} refused, ${counts.failed} failed`,
);

/** Noise and a plain colour in every kind that is read. */
async function validImages(): Promise<ValidFile[]> {
  const random = seededRandom('images');
  const noise = Uint8Array.from({ length: 90 * 60 * 4 }, () => Math.floor(random() * 256));
  const images = {
    noise: sharp(noise, { raw: { width: 90, height: 60, channels: 4 } }),
    plain: sharp({ create: { width: 300, height: 200, channels: 3, background: 'teal' } }),
  };
  const kinds = Object.entries(images).flatMap(([name, image]): [string, Sharp][] => [
    [`${name}.png`, image.clone().png()],
    [`${name}-palette.png`, image.clone().png({ palette: true })],
    [`${name}.jpg`, image.clone().withMetadata({ orientation: 6 }).jpeg()],
    [`${name}-progressive.jpg`, image.clone().jpeg({ progressive: true })],
    [`${name}.webp`, image.clone().webp()],
    [`${name}.gif`, image.clone().gif()],
    [`${name}.tiff`, image.clone().tiff({ compression: 'lzw' })],
  ]);
  return Promise.all(kinds.map(async ([name, image]) => ({ name, bytes: await image.toBuffer() }) as ValidFile));
}
