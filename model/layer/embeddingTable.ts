import { readTensorRows, toFloat32 } from '../../checkpoints/tensors/safetensors.js';
import type { TensorEntry } from '../../checkpoints/tensors/safetensorsHeader.js';

/** Token embeddings that stay in their file: rows are read as a batch needs them and never take device memory. */
export interface EmbeddingTable {
  /** [vocabulary, hidden] */
  shape: [number, number];
  /** @returns float32 rows one after another, [ids.length, hidden] */
  rows(ids: Int32Array): Float32Array;
}

/** An embedding table over one tensor of a safetensors file. An id outside the table is our fault and throws. */
export function embeddingTable(entry: TensorEntry): EmbeddingTable {
  const [vocabulary, hidden] = entry.shape as [number, number];
  return {
    shape: [vocabulary, hidden],
    rows(ids) {
      const distinct = [...new Set(ids)];
      const outside = distinct.find((id) => id < 0 || id >= vocabulary);
      if (outside !== undefined) throw new Error(`token ${outside} is outside the table of ${vocabulary} rows`);
      const values = toFloat32(readTensorRows(entry, distinct), entry.dtype);
      const place = new Map(distinct.map((id, index) => [id, index]));
      const rows = new Float32Array(ids.length * hidden);
      ids.forEach((id, row) => {
        const from = place.get(id)! * hidden;
        rows.set(values.subarray(from, from + hidden), row * hidden);
      });
      return rows;
    },
  };
}
