import assert from 'node:assert/strict';
import {
  fromFloat32,
  readSafetensorsIndex,
  readTensorBytes,
  writeSafetensors,
} from '../../../checkpoints/tensors/safetensors.js';
import type { TensorEntry } from '../../../checkpoints/tensors/safetensorsHeader.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { deviceTable, embeddingTable } from '../../../model/layer/embeddingTable.js';
import { tensorsAlive } from '../../assertions.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('embeddingTable', () => {
  const inFolder = useTemporaryFolder();

  async function entry(dtype: 'F32' | 'F16' | 'BF16'): Promise<TensorEntry> {
    const bytes = fromFloat32(Float32Array.of(1, 2, 3, 4, 5, 6), dtype);
    await writeSafetensors(inFolder('table.safetensors'), [{ name: 'table', dtype, shape: [3, 2], bytes }]);
    return (await readSafetensorsIndex(inFolder('table.safetensors'))).tensors.get('table')!;
  }
  const table = async (dtype: 'F32' | 'F16' | 'BF16') => embeddingTable(await entry(dtype));

  it('gives the rows of ids in their order, as often as they occur, whatever the file stores', async () => {
    for (const dtype of ['F32', 'F16', 'BF16'] as const) {
      const { shape, rows } = await table(dtype);
      assert.deepEqual(shape, [3, 2]);
      assert.deepEqual([...rows(Int32Array.of(2, 0, 2, 1))], [5, 6, 1, 2, 5, 6, 3, 4]);
    }
  });

  // Rows of a chunk of 16,384 tokens were read one by one, cast and sent for longer than a card computes with them.
  it('gives the same rows where it is on the device, and refuses the same ids', async function () {
    if ((await startEngine()).name !== 'tensorflow') this.skip();
    for (const dtype of ['F32', 'F16', 'BF16'] as const) {
      const stored = await entry(dtype);
      const before = tensorsAlive();
      const { bytes, rows, dispose } = deviceTable(stored, await readTensorBytes(stored));
      assert.equal(bytes, dtype === 'F32' ? 24 : 12);
      const taken = rows(Int32Array.of(2, 0, 2, 1));
      assert.deepEqual(
        [taken.shape, [...taken.dataSync()]],
        [
          [4, 2],
          [5, 6, 1, 2, 5, 6, 3, 4],
        ],
      );
      assert.throws(() => rows(Int32Array.of(0, 3)), /token 3 is outside the table of 3 rows/);
      taken.dispose();
      dispose();
      assert.deepEqual(tensorsAlive(), before);
    }
  });

  it('refuses an id outside the table', async () => {
    const { rows } = await table('F32');
    assert.throws(() => rows(Int32Array.of(0, 3)), /token 3 is outside the table of 3 rows/);
    assert.throws(() => rows(Int32Array.of(-1)), /token -1 is outside the table of 3 rows/);
  });
});
