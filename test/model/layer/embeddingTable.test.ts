import assert from 'node:assert/strict';
import { fromFloat32, readSafetensorsIndex, writeSafetensors } from '../../../checkpoints/tensors/safetensors.js';
import { embeddingTable, type EmbeddingTable } from '../../../model/layer/embeddingTable.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('embeddingTable', () => {
  const inFolder = useTemporaryFolder();

  async function table(dtype: 'F32' | 'F16' | 'BF16'): Promise<EmbeddingTable> {
    const bytes = fromFloat32(Float32Array.of(1, 2, 3, 4, 5, 6), dtype);
    await writeSafetensors(inFolder('table.safetensors'), [{ name: 'table', dtype, shape: [3, 2], bytes }]);
    return embeddingTable((await readSafetensorsIndex(inFolder('table.safetensors'))).tensors.get('table')!);
  }

  it('gives the rows of ids in their order, as often as they occur, whatever the file stores', async () => {
    for (const dtype of ['F32', 'F16', 'BF16'] as const) {
      const { shape, rows } = await table(dtype);
      assert.deepEqual(shape, [3, 2]);
      assert.deepEqual([...rows(Int32Array.of(2, 0, 2, 1))], [5, 6, 1, 2, 5, 6, 3, 4]);
    }
  });

  it('refuses an id outside the table', async () => {
    const { rows } = await table('F32');
    assert.throws(() => rows(Int32Array.of(0, 3)), /token 3 is outside the table of 3 rows/);
    assert.throws(() => rows(Int32Array.of(-1)), /token -1 is outside the table of 3 rows/);
  });
});
