import type { Contract } from '../../configs/contract.js';
import type { TokenEncoder } from './byteLevel.js';

/**
 * The encoder for texts under a contract. Where images are read, a text that happens to hold the name of a vision token
 * gets the ids of its letters, so that a document says nothing of images but by its images.
 */
export function contractEncoder(encoder: TokenEncoder, contract: Pick<Contract, 'image'>): TokenEncoder {
  if (!contract.image) return encoder;
  return {
    decode: (ids) => encoder.decode(ids),
    encode(text, limit = Infinity) {
      if (!visionToken.test(text)) return encoder.encode(text, limit);
      // Between two pieces, no name is whole.
      const pieces = text.split(betweenNameParts);
      const ids: number[] = [];
      for (const piece of pieces)
        if (ids.length < limit) for (const id of encoder.encode(piece, limit - ids.length)) ids.push(id);
      return ids;
    },
  };
}

const visionToken = /<\|(?:vision_start|vision_end|vision_pad|image_pad|video_pad)\|>/;
const betweenNameParts = /(?<=<)(?=\|(?:vision_start|vision_end|vision_pad|image_pad|video_pad)\|>)/;
