import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imagesPath } from '../../data/arrow/images/imageSchema.js';
import { createImageWriter } from '../../data/arrow/images/imageWriter.js';
import { createExampleWriter } from '../../data/arrow/writeExamples.js';
import type { PagePair } from '../../data/demonstration/pages/pagePairs.js';
import { renderPage } from '../../data/demonstration/pages/renderPage.js';
import { writeBeir } from '../../data/task/beir.js';
import type { MadeKind } from './madeKind.js';

const trainingFile = 'train.arrow';

/** Drawn pages with queries for them, and a task: which of the pages answers a query? */
export const pagesData: MadeKind = {
  folder: 'demo-pages',
  ownFiles: /^(made-from\.json|train(\.images)?\.arrow|task\/.*)$/,
  version: 1,
  files: [trainingFile],
  tasks: ['demo-pages'],
  async write(folder, onStep) {
    // Load the parser of fonts, which every start would otherwise wait for.
    const { pageFonts } = await import('../../data/demonstration/pages/fonts.js');
    const { pagePairs } = await import('../../data/demonstration/pages/pagePairs.js');
    const { train, test } = pagePairs(pageFonts());
    onStep(`drawing ${train.length} pages to train on and ${test.length} to find`);
    await writeTraining(join(folder, trainingFile), train);
    await writeTask(join(folder, 'task'), test);
  },
};

/** Pages come without negatives: those of the other queries of a pool are the negatives. */
export async function writeTraining(path: string, pairs: readonly PagePair[]): Promise<void> {
  const [rows, images] = [
    await createExampleWriter(path, { withImages: true }),
    await createImageWriter(imagesPath(path), 'copy', 0),
  ];
  for await (const [{ id, query, page }, bytes] of drawn(pairs)) {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await images.add({ sha256, bytes, format: 'PNG', height: page.height, width: page.width });
    await rows.write({
      id,
      query,
      positives: [{ id: `page-${id}`, title: '', text: '', images: [sha256] }],
      negatives: [],
    });
  }
  await images.finish();
  await images.close();
  await rows.close();
}

/** A folder in BEIR layout whose documents are images. */
export async function writeTask(folder: string, pairs: readonly PagePair[]): Promise<void> {
  await mkdir(join(folder, 'images'), { recursive: true });
  const nameOf = (id: string) => join('images', `${id}.png`);
  for await (const [{ id }, bytes] of drawn(pairs)) await writeFile(join(folder, nameOf(id)), bytes);
  await writeBeir(folder, 'test', {
    corpus: pairs.map(({ id }) => ({ id: `page-${id}`, title: '', text: '', image: nameOf(id) })),
    queries: pairs.map(({ id, query }) => ({ id, text: query })),
    qrels: new Map(pairs.map(({ id }) => [id, new Map([[`page-${id}`, 1]])])),
  });
}

/** Pages that are drawn at a time. */
const atOnce = 64;

/** The pages as PNG files, in their order. */
async function* drawn(pairs: readonly PagePair[]): AsyncGenerator<[PagePair, Buffer]> {
  for (let from = 0; from < pairs.length; from += atOnce) {
    const some = pairs.slice(from, from + atOnce);
    const files = await Promise.all(some.map(({ page }) => renderPage(page)));
    for (const [index, pair] of some.entries()) yield [pair, files[index]!];
  }
}
