import { readTensorRows, requireFloat, toFloat32 } from '../../checkpoints/tensors/safetensors.js';
import type { TensorEntry } from '../../checkpoints/tensors/safetensorsHeader.js';
import { sendMatrix, sendPlaces } from '../engine/native/deviceRows.js';
import type { tf } from '../engine/tf.js';

/**
 * Token embeddings. They stay in their file, whose rows are read as a batch needs them and never take device memory, unless
 * the device has room: rows that the host reads and sends keep a card waiting for longer than it computes with them.
 */
export interface EmbeddingTable {
  /** [vocabulary, hidden] */
  shape: [number, number];
  /** @returns float32 rows one after another, [ids.length, hidden] */
  rows(ids: Int32Array): Float32Array;
  /** The same table, where it is on the device too. */
  onDevice?: DeviceTable;
}

export interface DeviceTable {
  bytes: number;
  /** @returns float32, [ids.length, hidden]; the caller owns them */
  rows(ids: Int32Array): tf.Tensor2D;
  dispose(): void;
}

/** An embedding table over one tensor of a safetensors file. An id outside the table is our fault and throws. */
export function embeddingTable(entry: TensorEntry): EmbeddingTable {
  const [vocabulary, hidden] = entry.shape as [number, number];
  return {
    shape: [vocabulary, hidden],
    rows(ids) {
      const distinct = [...new Set(ids)];
      requireInside(distinct, vocabulary);
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

/** A table on the device, of the native engine. @param bytes  as in the file; not to be changed as long as it lives */
export function deviceTable({ shape, dtype }: TensorEntry, bytes: Uint8Array): DeviceTable {
  requireFloat(dtype);
  const matrix = sendMatrix(bytes, shape as [number, number], dtype);
  return {
    bytes: matrix.bytes,
    rows(ids) {
      requireInside(ids, shape[0]!);
      const places = sendPlaces(ids);
      const rows = matrix.rows(places);
      places.dispose();
      return rows;
    },
    dispose: () => matrix.dispose(),
  };
}

function requireInside(ids: Int32Array | number[], vocabulary: number): void {
  const outside = ids.find((id) => id < 0 || id >= vocabulary);
  if (outside !== undefined) throw new Error(`token ${outside} is outside the table of ${vocabulary} rows`);
}
