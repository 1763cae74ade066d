import assert from 'node:assert/strict';
import { decodeImage } from '../../../data/image/decodeImage.js';
import { embedCanaries } from '../../../eval/encoder/canaries.js';
import type { Encoder, TextToEncode } from '../../../eval/encoder/encoder.js';

describe('embedCanaries', () => {
  async function encodedBy(contract: object): Promise<TextToEncode[]> {
    const seen: TextToEncode[] = [];
    const encode: Encoder['encode'] = async (_, texts) => {
      seen.push(...texts);
      return new Float32Array(texts.length);
    };
    const rows = await embedCanaries({ name: '', dimensions: 1, identity: () => '', contract, encode } as never);
    assert.equal(rows.length, seen.length);
    return seen;
  }

  // An export whose tower or processor was not that of training was proved by its texts.
  it('has an image among them, alone and beside a text, where the contract reads images', async () => {
    assert.ok((await encodedBy({})).every(({ images }) => images === undefined));
    const documents = (await encodedBy({ image: {} })).filter(({ images }) => images);
    assert.deepEqual(
      documents.map(({ text }) => text === ''),
      [true, false, true, false],
    );
    const { bytes, width, height } = await decodeImage(await documents[0]!.images![0]!.read(), 'drop');
    assert.deepEqual([width, height], [8, 8]);
    assert.deepEqual([...bytes.subarray(3 * 9, 3 * 10)], [36, 36, 128]);
  });
});
