import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig } from '../../../configs/load/loadConfig.js';
import type { Contract, ImageContract } from '../../../configs/contract.js';
import { readSafetensorsIndex, readTensorBytes, toFloat32 } from '../../../checkpoints/tensors/safetensors.js';
import { imageInFile } from '../../../data/image/imageSource.js';
import { prepareImage } from '../../../data/image/prepareImage.js';
import { makeContract } from '../../../data/tokenizer/makeContract.js';
import { imageMark, tokenizeText } from '../../../data/tokenizer/tokenizeText.js';
import { loadTokenizer, type Tokenizer } from '../../../data/tokenizer/tokenizer.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { disposeModel } from '../../../model/layer/decoder.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { encodeChunk } from '../../../model/pass/encodeChunk.js';
import { atOnce } from '../../../model/pass/stepwise.js';
import { imageFeatures } from '../../../model/vision/imageFeatures.js';
import { loadTower } from '../../../model/vision/loadTower.js';
import { disposeTower } from '../../../model/vision/tower.js';
import { openEncoder } from '../../../eval/encoder/openEncoder.js';
import { assertClose } from '../../assertions.js';
import { imageRules, openVision, type Vision } from '../../../model/vision/openVision.js';
import { placeImages, type PlacedIds } from '../../../model/vision/placeImages.js';
import { imagePositions } from '../../../model/vision/positions.js';

const oracle = join(process.env.ORACLES ?? '../shared/data', 'oracles/vision');

interface Document {
  id: string;
  parts: [kind: 'text' | 'image', value: string][];
  token_ids: number[];
  position_ids: number[][];
  embedding: number[];
}

describe('documents of text and images as transformers reads them', () => {
  let documents: Record<string, Document[]>;
  let grids: Record<string, { grid: [number, number, number] }>;
  let tokenizer: Tokenizer;
  let vision: Vision;
  before(async function () {
    if (!existsSync(oracle)) {
      console.log(`    skipped: ${oracle} is not there; name the folder above oracles by ORACLES`);
      return this.skip();
    }
    const read = async (name: string) => JSON.parse(await readFile(join(oracle, 'expected', name), 'utf8')) as unknown;
    ({ documents } = (await read('documents.json')) as { documents: typeof documents });
    ({ images: grids } = (await read('images.json')) as { images: typeof grids });
    await startEngine();
    tokenizer = await loadTokenizer(join(oracle, 'model'));
    vision = await openVision(join(oracle, 'model'), tokenizer);
  });

  /** The contract that a group such as `chat/text-first` of the reference was made under. */
  function contractOf(group: string): Contract {
    const [form, order] = group.split('/') as [string, ImageContract['order']];
    const chat = { chatTemplate: true, eosToken: '<|endoftext|>' };
    const contract = { titleRule: 'as-is', precision: 'float32', ...(form === 'chat' && chat) };
    const settings = parseConfig({ contract, image: { order, maxPixels: 100352 } });
    return makeContract(settings, tokenizer, 'float32', 'float32', vision.values);
  }

  /** Ids of a document; one that has a text between its images is put together from two of one order each. */
  function placed({ id, parts }: Document, contract: Contract): PlacedIds {
    const prefix = id.startsWith('q') ? contract.queryPrefix : contract.passagePrefix;
    const kind = id.startsWith('q') ? 'query' : 'passage';
    const text = parts.find(([part]) => part === 'text')![1].slice(prefix.length);
    const files = parts.filter(([part]) => part === 'image').map(([, file]) => file);
    const isBetween = parts.length === 3 && parts[1]![0] === 'text';
    const ids = (order: ImageContract['order'], images: number) =>
      tokenizeText(tokenizer, { ...contract, image: { ...contract.image!, order } }, kind, text, undefined, images);
    const marked = isBetween
      ? between(ids('image-first', 1), ids('text-first', 1))
      : ids(contract.image!.order, files.length);
    const tokens = files.map((file) => {
      const [, rows, columns] = grids[file]!.grid;
      return { rows: rows / vision.config.merge, columns: columns / vision.config.merge };
    });
    return placeImages(marked, tokens, vision.ids);
  }

  const between = (first: Int32Array, last: Int32Array) =>
    Int32Array.of(
      ...first.subarray(0, first.indexOf(imageMark) + 1),
      ...last.subarray(first.indexOf(imageMark), last.length),
    );

  it('gives every document the same ids, in a chat or plain, with images behind the text, before it or around it', () => {
    for (const [group, list] of Object.entries(documents))
      for (const document of list)
        assert.deepEqual([...placed(document, contractOf(group)).ids], document.token_ids, `${group} ${document.id}`);
  });

  it('gives every token the same position in time, down and across', () => {
    for (const [group, list] of Object.entries(documents))
      for (const document of list) {
        const { ids, images } = placed(document, contractOf(group));
        const positions = imagePositions(ids.length, images, 'mrope').map((axis) => [...axis]);
        assert.deepEqual(positions, document.position_ids, `${group} ${document.id}`);
      }
  });

  it('makes of every image the features of the reference, block by block', async () => {
    const { tensors } = await readSafetensorsIndex(join(oracle, 'expected/features.safetensors'));
    const tower = await loadTower(join(oracle, 'model'), 'float32', vision.config);
    const rules = imageRules({ minPixels: 3136, maxPixels: 100352, alpha: 'drop' }, vision.config);
    for (const [name, entry] of tensors) {
      const image = await prepareImage(await readFile(join(oracle, 'images', name)), rules);
      const features = atOnce(imageFeatures(image, tower, vision.config, vision.values));
      assertClose(features, toFloat32(await readTensorBytes(entry), entry.dtype), 3e-5, name);
    }
    disposeTower(tower);
  });

  it('reads the same tower under the names of later versions', async () => {
    const [one, other] = await Promise.all(
      ['model', 'resaved'].map((folder) => loadTower(join(oracle, folder), 'float32', vision.config)),
    );
    const later = await openVision(join(oracle, 'resaved'), tokenizer);
    assert.deepEqual({ ...later.config, startId: vision.config.startId }, vision.config);
    assert.deepEqual([later.ids, later.values], [vision.ids, vision.values]);
    const rules = imageRules({ minPixels: 3136, maxPixels: 100352, alpha: 'drop' }, vision.config);
    const image = await prepareImage(await readFile(join(oracle, 'images/grey-70x98.png')), rules);
    const [left, right] = [one!, other!].map((tower) =>
      atOnce(imageFeatures(image, tower, vision.config, vision.values)),
    );
    assert.deepEqual(left, right);
    for (const tower of [one!, other!]) disposeTower(tower);
  });

  it('gives every document the same embedding', async () => {
    const model = { ...(await loadModel(join(oracle, 'model'), 'float32')), sections: vision.config.sections };
    const { tensors } = await readSafetensorsIndex(join(oracle, 'expected/features.safetensors'));
    const features = new Map<string, Float32Array>();
    for (const [name, entry] of tensors) features.set(name, toFloat32(await readTensorBytes(entry), entry.dtype));
    for (const [group, list] of Object.entries(documents)) {
      const sequences = list.map((document) => {
        const { ids, images } = placed(document, contractOf(group));
        const files = document.parts.filter(([part]) => part === 'image').map(([, file]) => file);
        if (files.length === 0) return ids;
        return {
          ids,
          inserted: images.map(({ at }, index) => ({ at, values: features.get(files[index]!)! })),
          positions: imagePositions(ids.length, images, 'mrope'),
        };
      });
      const tensor = encodeChunk(model, sequences);
      assertClose(
        tensor,
        list.flatMap(({ embedding }) => embedding),
        1e-5,
        group,
      );
      tensor.dispose();
    }
    disposeModel(model);
  });

  it('stays within a cosine of .999 of PyTorch in bfloat16', async function () {
    if (!(await startEngine()).precisions.includes('bfloat16')) return this.skip();
    const set = ['image.maxPixels=100352'];
    const recipe = { recipe: 'study-vl', precision: 'bfloat16', set } as const;
    const { encoder, close } = await openEncoder(join(oracle, 'model'), { ...recipe, images: true });
    const list = documents['chat/text-first']!.filter(({ id }) => id.startsWith('p'));
    const embeddings = await encoder.encode('passage', await Promise.all(list.map(passageOf)));
    await close();
    for (const [row, { id, embedding }] of list.entries()) {
      const cosine = embedding.reduce((sum, value, at) => sum + value * embeddings[row * encoder.dimensions + at]!, 0);
      assert.ok(cosine > 0.999, `${id}: ${cosine}`);
    }
  });

  it('gives files of images and texts the same embedding through the encoder, one document or many at a time', async () => {
    for (const order of ['text-first', 'image-first']) {
      const set = ['image.maxPixels=100352', `image.order=${order}`, 'evaluation.batchTokens=400'];
      const recipe = { recipe: 'study-vl', precision: 'float32', set } as const;
      const { encoder, close } = await openEncoder(join(oracle, 'model'), { ...recipe, images: true });
      for (const kind of ['query', 'passage'] as const) {
        const list = documents[`chat/${order}`]!.filter(({ id }) => id.startsWith(kind[0]!));
        assert.ok(list.length >= 4);
        const texts = list.map((document) => (kind === 'query' ? queryOf(document) : passageOf(document)));
        const embeddings = await encoder.encode(kind, await Promise.all(texts));
        assertClose(
          embeddings,
          list.flatMap(({ embedding }) => embedding),
          1e-5,
          `${order} ${kind}`,
        );
      }
      await close();
    }
  });
});

const queryOf = (document: Document) => textAndImages(document, 'Query:');
const passageOf = (document: Document) => textAndImages(document, 'Passage:');

async function textAndImages({ id, parts }: Document, prefix: string) {
  const text = parts.find(([part]) => part === 'text')![1].slice(prefix.length);
  const files = parts.filter(([part]) => part === 'image').map(([, file]) => join(oracle, 'images', file));
  return { id, text, ...(files.length > 0 && { images: await Promise.all(files.map((file) => imageInFile(file))) }) };
}
