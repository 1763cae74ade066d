import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAdapter, writeAdapter } from '../../checkpoints/adapter/adapter.js';
import { openBaseFolder } from '../../checkpoints/base/baseFolder.js';
import { exportMerged } from '../../checkpoints/export/exportMerged.js';
import { exportSentenceTransformers } from '../../checkpoints/export/exportSentenceTransformers.js';
import { loadConfig } from '../../configs/load/loadConfig.js';
import { imageInFile } from '../../data/image/imageSource.js';
import { loadTokenizer } from '../../data/tokenizer/tokenizer.js';
import { startTokenizerThreads } from '../../data/tokenizer/threads.js';
import { tokenizeText } from '../../data/tokenizer/tokenizeText.js';
import { modelEncoder } from '../../eval/encoder/encoder.js';
import { openImageReader } from '../../eval/encoder/imageReader.js';
import { disposeModel } from '../../model/layer/decoder.js';
import { attachAdapter } from '../../model/layer/lora.js';
import { loadModel } from '../../model/load/loadModel.js';
import { baseContract } from '../../model/vision/baseContract.js';
import { loadTower } from '../../model/vision/loadTower.js';

/** One base with a vision tower, and an adapter of its decoder, perhaps of the tower too. */
export interface ImageCase {
  name: string;
  base: string;
  adapter: string;
  /** Folder of the images. */
  images: string;
  /** Whose contract, beside these settings. */
  recipe: string;
  set: string[];
}

/** Within every length that counts texts alone. */
const documents = [
  { kind: 'query', text: 'what is the capital of france', images: [] },
  { kind: 'query', text: 'the page with this', images: ['chart-451x301.png'] },
  { kind: 'passage', text: 'Paris is the capital of France.', images: [] },
  { kind: 'passage', text: '', images: ['page-333x777.png'] },
  { kind: 'passage', text: 'a photo, turned', images: ['exif6-180x120.jpg'] },
  { kind: 'passage', text: 'two of them', images: ['rgba-120x84.png', 'tiny-28x28.png'] },
] as const;

/**
 * Write every form of export of a case, and beside them reference.json: documents, token ids and the embeddings that this
 * project gives them, for loadExports.py. The engine must be started.
 * @param output  a folder of the case's own
 */
export async function writeImageExports(one: ImageCase, output: string) {
  const tokenizer = await loadTokenizer(one.base);
  const { config: settings } = loadConfig(one.recipe, ['image.maxPixels=100352', ...one.set]);
  const arithmetic = { precision: 'float32', float32Products: 'float32' } as const;
  const { contract, vision } = await baseContract({ folder: one.base, tokenizer }, settings, arithmetic, true);
  const [base, adapter] = await Promise.all([openBaseFolder(one.base), readAdapter(one.adapter)]);
  const exported = join(output, 'exports');
  await writeAdapter(join(exported, 'peft'), adapter, { keys: 'vision-language', contract });
  const merged = { base, adapter, contract, shardBytes: 200_000, dtype: 'F32' as const };
  await exportMerged(join(exported, 'merged'), merged);
  await exportSentenceTransformers(join(exported, 'sentence-transformers'), merged);

  const tower = await loadTower(one.base, 'float32', vision!.config);
  const model = await loadModel(one.base, 'float32');
  Object.assign(model, { sections: vision!.config.sections, tower: tower.blocks });
  attachAdapter(model, adapter);
  const reader = openImageReader(vision!, tower, contract.image!, 1);
  const threads = await startTokenizerThreads(one.base, contract, 1, tokenizer);
  const encoder = modelEncoder(one.name, model, threads, contract, 4096, { reader });
  const tokens: number[][] = [];
  const embeddings: number[][] = [];
  for (const { kind, text, images } of documents) {
    const sources = await Promise.all(images.map((image) => imageInFile(join(one.images, image))));
    const marked = tokenizeText(tokenizer, contract, kind, text, undefined, sources.length);
    tokens.push([...(await reader.place(marked, sources)).ids]);
    embeddings.push([...(await encoder.encode(kind, [{ text, images: sources }]))]);
  }
  await threads.close();
  await reader.close();
  disposeModel(model);
  mkdirSync(output, { recursive: true });
  const reference = { base: one.base, images: one.images, contract, documents, tokens, embeddings };
  writeFileSync(join(output, 'reference.json'), JSON.stringify(reference));
}
