import { imageInMemory } from '../../data/image/imageSource.js';
import type { Encoder, TextToEncode } from './encoder.js';

/** Texts of several kinds, by which two ways to the same embeddings are compared. */
const canaries = [
  'what is the boiling point of water at sea level',
  'A small furry animal that is kept as a pet and catches mice.',
  'function add(left: number, right: number): number',
  'Computes the natural logarithm of a double-precision number.',
  '',
];

/** 8 x 8 pixels of a PNG file: red grows to the right, green downwards. */
const picture = imageInMemory(
  Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAbElEQVR42g3JQQEAMAgDMcQgBjEVcRIQUzEVw2PLN1VFF1Oo2MJFiiuqmm6mUbONmzTXP4YeZtCwg4cMNz9EixESKywiTj+WXmbRsouXLLc/TJsxMmtsYs4/QocJChscEi4/jj7m0LGHjxx3PPMZXwHXVs66AAAAAElFTkSuQmCC',
    'base64',
  ),
  'the picture that exports are proved by',
);

/** Embeddings of the canaries, as queries and as passages, row by row; where the contract reads images, of one too. */
export async function embedCanaries(encoder: Encoder): Promise<Float32Array[]> {
  const documents: TextToEncode[] = canaries.map((text) => ({ text }));
  if (encoder.contract.image) for (const text of ['', canaries[0]!]) documents.push({ text, images: [picture] });
  const embeddings: Float32Array[] = [];
  for (const kind of ['query', 'passage'] as const) {
    const values = await encoder.encode(kind, documents);
    documents.forEach((_, row) =>
      embeddings.push(values.slice(row * encoder.dimensions, (row + 1) * encoder.dimensions)),
    );
  }
  return embeddings;
}

/** The largest difference of any number between two lists of embeddings. */
export function largestDifference(left: Float32Array[], right: Float32Array[]): number {
  let largest = 0;
  left.forEach((row, index) =>
    row.forEach((value, at) => (largest = Math.max(largest, Math.abs(value - right[index]![at]!)))),
  );
  return largest;
}

/** The smallest cosine between embeddings of unit length in the same place of two lists. */
export function smallestCosine(left: Float32Array[], right: Float32Array[]): number {
  return Math.min(...left.map((row, index) => row.reduce((sum, value, at) => sum + value * right[index]![at]!, 0)));
}
