import { cpus } from 'node:os';
import { imageInFile } from '../../../data/image/imageSource.js';
import type { Encoder } from '../../../eval/encoder/encoder.js';
import { openEncoder, type OpenEncoder } from '../../../eval/encoder/openEncoder.js';
import { startEngine, type Engine } from '../../../model/engine/startEngine.js';

/** A base that reads images, in float32, its threads as many as there are processors. */
export async function openPages(base: string, maxPixels: number): Promise<OpenEncoder & { engine: Engine }> {
  const set = [`image.maxPixels=${maxPixels}`, `training.tokenizerThreads=${cpus().length}`];
  const opened = await openEncoder(`base:${base}`, { images: true, precision: 'float32', recipe: 'study', set });
  return { ...opened, engine: await startEngine() };
}

/** Embeddings of images as passages without words. */
export async function encodePages(encoder: Encoder, files: readonly string[]): Promise<Float32Array> {
  const pages = await Promise.all(files.map(async (file) => ({ text: '', images: [await imageInFile(file)] })));
  return encoder.encode('passage', pages);
}
