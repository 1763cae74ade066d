import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from '../../checkpoints/tensors/numberFormats.js';
import type { Precision } from '../../configs/contract.js';

/** How embeddings are kept on the disk. */
export const vectorFormats = ['float32', 'float16', 'bfloat16'] as const;
export type VectorFormat = (typeof vectorFormats)[number];

/** What arithmetic in this precision deserves: half precision loses less than bfloat16 arithmetic has lost already. */
export const formatFor = (precision: Precision): VectorFormat => (precision === 'float32' ? 'float32' : 'float16');

/** Bytes of one number. */
export const formatBytes = (format: VectorFormat): number => (format === 'float32' ? 4 : 2);

/** Embeddings as they lie on the disk, little-endian. */
export function packVectors(vectors: Float32Array, format: VectorFormat): Uint8Array {
  const packed =
    format === 'float32' ? vectors : format === 'float16' ? float32ToFloat16(vectors) : float32ToBfloat16(vectors);
  return new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength);
}

/** @param bytes  at an offset that is a whole number of values */
export function unpackVectors(bytes: Uint8Array, format: VectorFormat): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  if (format === 'float32') return new Float32Array(buffer, byteOffset, byteLength / 4);
  const bits = new Uint16Array(buffer, byteOffset, byteLength / 2);
  return format === 'float16' ? float16ToFloat32(bits) : bfloat16ToFloat32(bits);
}

/** Embeddings as they come back from the disk, so that kept and new ones give the same scores. */
export const asKept = (vectors: Float32Array, format: VectorFormat): Float32Array =>
  format === 'float32' ? vectors : unpackVectors(packVectors(vectors, format), format);
