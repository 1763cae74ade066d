import assert from 'node:assert/strict';
import { pageFonts } from '../../../../data/demonstration/pages/fonts.js';
import type { PreparedImage } from '../../../../data/image/imageRules.js';
import { loadTokenizer, type Tokenizer } from '../../../../data/tokenizer/tokenizer.js';
import { openBaseFolder } from '../../../../checkpoints/base/baseFolder.js';
import { readTensorRows } from '../../../../checkpoints/tensors/safetensors.js';
import { startEngine } from '../../../../model/engine/startEngine.js';
import { tf } from '../../../../model/engine/tf.js';
import { atOnce } from '../../../../model/pass/stepwise.js';
import { imageFeatures } from '../../../../model/vision/imageFeatures.js';
import { loadTower } from '../../../../model/vision/loadTower.js';
import { openVision } from '../../../../model/vision/openVision.js';
import { disposeTower } from '../../../../model/vision/tower.js';
import type { VisionConfig } from '../../../../model/vision/visionConfig.js';
import { loadDecoder } from '../../../../train/pretrain/loadDecoder.js';
import { freshTower } from '../../../../train/pretrain/vision/demoTower.js';
import { towerConfig, visionSettings } from '../../../../train/pretrain/vision/demoVision.js';
import { pageAreas } from '../../../../train/pretrain/vision/pageAreas.js';
import { drawPages, type PageBatch, type Reading } from '../../../../train/pretrain/vision/pageBatches.js';
import { patchFilters } from '../../../../train/pretrain/vision/patchFilters.js';
import { pretrainTower, readShare } from '../../../../train/pretrain/vision/pretrainTower.js';
import { nearestRow, towerFeatures } from '../../../../train/pretrain/vision/readingLoss.js';
import { readingTable, type ReadingTable } from '../../../../train/pretrain/vision/readingTable.js';
import { writeVisionBase } from '../../../../train/pretrain/vision/writeVisionBase.js';
import { assertClose, tensorsAlive } from '../../../assertions.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

const demo = 'configs/bases/demo';
/** Pixels from 0 to 1. */
const values: Reading['values'] = { mean: [0, 0, 0], std: [1, 1, 1] };
/** The committed tower made smaller: one block that sees windows, and one that sees the page. */
const config: VisionConfig = {
  ...towerConfig(visionSettings),
  ...{ hidden: 16, intermediate: 24, blocks: 2, heads: 2, headDim: 8, fullBlocks: [1] },
};
const brief: Parameters<typeof pretrainTower>[2] = {
  ...{ seed: 1, batch: 3, weightDecay: 0 },
  parts: [
    { updates: 12, warmupSteps: 1, learningRate: 5e-3, closeness: 0 },
    { updates: 2, warmupSteps: 1, learningRate: 1e-3, closeness: 1 },
  ],
};

describe('pretrainTower', () => {
  const inFolder = useTemporaryFolder();
  let tokenizer: Tokenizer;
  let table: ReadingTable;
  let reading: Reading;
  let isTensorFlow: boolean;

  before(async () => {
    isTensorFlow = (await startEngine()).name === 'tensorflow';
    tokenizer = await loadTokenizer(demo);
    const decoder = await loadDecoder(demo);
    table = readingTable(decoder.embedding, tokenizer);
    tf.dispose([...decoder.parameters.values()]);
    reading = { fonts: pageFonts().slice(0, 1), config, values, placeOf: table.placeOf };
  });
  after(() => tf.dispose(table.rows));

  it('learns what stands in the tokens of pages, the same for the same seed, and keeps nothing but the tower', async function () {
    if (!isTensorFlow) return this.skip(); // the loss is an operation of TensorFlow's
    const before = tensorsAlive().known;
    const learn = async (settings: typeof brief) => {
      const losses: number[] = [];
      return { tower: await pretrainTower(reading, table, settings, (_, loss) => losses.push(loss)), losses };
    };
    const { tower, losses } = await learn(brief);
    assert.equal(losses.length, 14);
    const [first, last] = [0, 9].map((from) => losses.slice(from, from + 3).reduce((sum, loss) => sum + loss) / 3);
    assert.ok(last! < 0.9 * first!, `begins at ${first}, the first part ends at ${last}`);
    assert.equal(tensorsAlive().known - before, tower.parameters.size);
    const short = { ...brief, parts: [{ ...brief.parts[0], updates: 1 }, brief.parts[1]] as typeof brief.parts };
    const [once, again] = [await learn(short), await learn(short)];
    assertClose(again.losses, once.losses, 1e-5);
    for (const { parameters } of [tower, once.tower, again.tower]) tf.dispose([...parameters.values()]);
  });

  it('computes pages together as the base computes each alone, so what is learned is what is read', async () => {
    const tower = freshTower(config, 3);
    const drawn = await drawPages(3, reading, 'three pages');
    const together = featuresOf(tower, drawn);
    const tokens = drawn.windows.order.length;
    for (let page = 0; page < drawn.pages; page++) {
      const alone = atOnce(imageFeatures(imageOf(drawn, page), tower.weights, config, values));
      // The base gives features row by row, pretraining takes them in window order.
      const inWindows = [...drawn.windows.order].flatMap((place) => [
        ...alone.subarray(place * config.out, (place + 1) * config.out),
      ]);
      assertClose(together.subarray(page * tokens * config.out, (page + 1) * tokens * config.out), inWindows, 1e-4);
    }
    tf.dispose([...tower.parameters.values()]);
  });

  it('finds the row that lies nearest', () => {
    const rows = tf.tensor2d([0, 0, 3, 0, 0, 1], [3, 2]);
    // From (1.6, 0) it is 1.4 to the second row and 1.6 to the first, whose product with it is smaller still than its length.
    const features = tf.tensor2d([1.6, 0, 1.4, 0, 0.2, 0.9], [3, 2]);
    const nearest = tf.tidy(() => nearestRow(features, rows));
    assert.deepEqual([...nearest.dataSync()], [1, 0, 2]);
    tf.dispose([rows, features, nearest]);
  });

  it('writes a base whose decoder is the one it was made from, with tokens for images and the tower', async () => {
    const tower = freshTower(config, 3);
    const folder = inFolder('base');
    await writeVisionBase(folder, demo, tower, values, 198);
    const [made, from] = [await openBaseFolder(folder), await openBaseFolder(demo)];
    const embedding = 'model.embed_tokens.weight';
    assert.deepEqual(made.tensors.get(embedding)!.shape, [4099, 256]);
    const rowsOf = (base: typeof made, rows: number[]) => [...readTensorRows(base.tensors.get(embedding)!, rows)];
    assert.deepEqual(rowsOf(made, [7, 4096, 4097, 4098]), rowsOf(from, [7, 198, 198, 198]));
    const vision = await openVision(folder, await loadTokenizer(folder));
    assert.deepEqual(vision, { config, ids: { start: 4096, end: 4097, image: 4098 }, values });
    const read = await loadTower(folder, 'float32', config);
    const drawn = await drawPages(1, reading, 'one page');
    const image = imageOf(drawn, 0);
    const [kept, learned] = [read, tower.weights].map((weights) =>
      atOnce(imageFeatures(image, weights, config, values)),
    );
    assertClose(kept!, learned!, 0.05); // the file holds bfloat16
    disposeTower(read);
    tf.dispose([...tower.parameters.values()]);
  });

  it('begins with filters that keep apart what a patch shows', () => {
    const [filters, patch] = [20, 14];
    const flat = patchFilters(filters, patch);
    const rows = tf.tensor2d(flat, [filters, 3 * patch * patch]);
    const products = tf.tidy(() => tf.matMul(rows, rows, false, true));
    const wanted = Array.from({ length: filters * filters }, (_, at) => Number(at % (filters + 1) === 0));
    // 14 of light, then three waves of either colour: the flat ones are a tenth as long.
    for (const isFlat of [0, 14, 17]) wanted[isFlat * (filters + 1)] = 0.01;
    assertClose(products.dataSync(), wanted, 1e-5);
    tf.dispose([rows, products]);
  });

  const featuresOf = (tower: ReturnType<typeof freshTower>, drawn: PageBatch): Float32Array => {
    const areas = pageAreas(drawn, config);
    const features = tf.tidy(() => {
      const pixels = tf.tensor2d(drawn.pixels, [drawn.targets.length * 4, 3 * 14 * 14]);
      return towerFeatures(tower, pixels, areas).dataSync<'float32'>();
    });
    areas.dispose();
    return features;
  };
});

describe("the demonstration's base for images", function () {
  before(() => startEngine());

  it('reads pages that it was not trained on', async () => {
    const folder = 'configs/bases/demo-vl';
    const tokenizer = await loadTokenizer(folder);
    const { config, values } = await openVision(folder, tokenizer);
    assert.deepEqual(config, towerConfig(visionSettings));
    const decoder = await loadDecoder(folder);
    const table = readingTable(decoder.embedding, tokenizer);
    const weights = await loadTower(folder, 'float32', config);
    const reading = { fonts: pageFonts(), config, values, placeOf: table.placeOf };
    const tower = { config, weights, parameters: new Map() };
    const share = await readShare(tower, reading, table, { batches: 2, pages: 8, seed: 'pages of a test' });
    // Always the most frequent word would be right in one token of fifty.
    assert.ok(share > 0.4, `it reads ${share} of the tokens that show a word`);
    disposeTower(weights);
    tf.dispose([table.rows, ...decoder.parameters.values()]);
  });
});

/** One page of a batch as it is read alone: its tokens row by row, in bytes. */
function imageOf({ pixels, windows, pages, columns }: PageBatch, page: number): PreparedImage {
  const tokens = windows.order.length;
  const token = pixels.length / pages / tokens;
  const patches = new Uint8Array(tokens * token);
  windows.order.forEach((place, index) => {
    const values = pixels.subarray((page * tokens + index) * token, (page * tokens + index + 1) * token);
    patches.set(
      values.map((value) => Math.round(value * 255)),
      place * token,
    );
  });
  const [rows, across] = [(tokens / columns) * 2, columns * 2];
  return { height: rows * 14, width: across * 14, rows, columns: across, patches };
}
