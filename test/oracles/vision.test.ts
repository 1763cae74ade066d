import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig } from '../../configs/load/loadConfig.js';
import type { Contract, ImageContract } from '../../configs/contract.js';
import { makeContract } from '../../data/tokenizer/makeContract.js';
import { imageMark, tokenizeText } from '../../data/tokenizer/tokenizeText.js';
import { loadTokenizer, type Tokenizer } from '../../data/tokenizer/tokenizer.js';
import { openVision, type Vision } from '../../model/vision/openVision.js';
import { placeImages, type PlacedIds } from '../../model/vision/placeImages.js';
import { imagePositions } from '../../model/vision/positions.js';

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
});
