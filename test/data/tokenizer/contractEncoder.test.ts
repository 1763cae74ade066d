import assert from 'node:assert/strict';
import type { ImageContract } from '../../../configs/contract.js';
import { contractEncoder } from '../../../data/tokenizer/contractEncoder.js';
import type { TokenEncoder } from '../../../data/tokenizer/byteLevel.js';

/** One id a character, and 1 for the name of an image's token. */
const encoder: TokenEncoder = {
  encode: (text, limit) =>
    (text.match(/<\|image_pad\|>|[^]/g) ?? [])
      .map((piece) => (piece.length > 1 ? 1 : piece.charCodeAt(0)))
      .slice(0, limit),
  decode: (ids) => String.fromCharCode(...ids),
};
const image = {} as ImageContract;

describe('contractEncoder', () => {
  // A document that quoted the model's documentation moved every image behind it by one.
  it('reads the name of a vision token as letters where images are read, and as ever where they are not', () => {
    const text = 'a <|image_pad|> b';
    assert.equal(encoder.decode(contractEncoder(encoder, { image }).encode(text)), text);
    assert.deepEqual(contractEncoder(encoder, {}).encode(text), encoder.encode(text));
    assert.equal(contractEncoder(encoder, {}).encode(text)[2], 1);
  });

  it('gives no more ids than are wanted', () => {
    const apart = contractEncoder(encoder, { image });
    assert.equal(apart.decode(apart.encode('ab<|image_pad|>c', 5)), 'ab<|i');
    assert.equal(apart.decode(apart.encode('ab<|image_pad|>c', 3)), 'ab<');
    assert.deepEqual(apart.encode('ab<|image_pad|>c', 0), []);
  });

  it('takes every vision token, one after the other', () => {
    const text = '<|vision_start|><|image_pad|><|image_pad|><|vision_end|>';
    const apart = contractEncoder(encoder, { image });
    assert.equal(apart.decode(apart.encode(text)), text);
  });
});
