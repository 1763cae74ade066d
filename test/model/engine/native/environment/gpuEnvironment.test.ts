import assert from 'node:assert/strict';
import { gpuEnvironment } from '../../../../../model/engine/native/environment/gpuEnvironment.js';

const visible = (env: NodeJS.ProcessEnv, cards: number) => gpuEnvironment(env, cards)['CUDA_VISIBLE_DEVICES'];

describe('gpuEnvironment', () => {
  it('leaves one card visible where there are several', () => {
    assert.equal(visible({}, 8), '0');
    assert.equal(visible({ CUDA_VISIBLE_DEVICES: '3, 5' }, 8), '3');
    assert.equal(visible({ CUDA_VISIBLE_DEVICES: 'GPU-a1,GPU-b2' }, 8), 'GPU-a1');
  });

  it('says nothing where one card or none is seen, or was chosen', () => {
    assert.equal(visible({}, 1), undefined);
    assert.equal(visible({}, 0), undefined);
    assert.equal(visible({ CUDA_VISIBLE_DEVICES: '5' }, 8), undefined);
    assert.equal(visible({ CUDA_VISIBLE_DEVICES: '' }, 8), undefined);
  });

  it('gives each process that a launcher started a card of its own', () => {
    assert.equal(visible({ OMPI_COMM_WORLD_LOCAL_RANK: '2' }, 4), '2');
    assert.equal(visible({ SLURM_LOCALID: '1', CUDA_VISIBLE_DEVICES: '4,6' }, 8), '6');
    assert.equal(visible({ MPI_LOCALRANKID: '5' }, 4), '1');
    assert.equal(visible({ LOCAL_RANK: 'none' }, 4), '0');
    // In a batch job of Slurm every rank of `--ranks` took the first card: all of them have the job's number.
    assert.equal(visible({ LOCAL_RANK: '3', SLURM_LOCALID: '0' }, 8), '3');
  });

  it('has compiled kernels kept, where the user has not said so himself', () => {
    assert.deepEqual(gpuEnvironment({}, 1, '/engine/cuda-cache'), {
      CUDA_CACHE_PATH: '/engine/cuda-cache',
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
      CUDA_CACHE_MAXSIZE: '4294967295',
    });
    const own = { CUDA_CACHE_PATH: '/own', CUDA_CACHE_MAXSIZE: '1000', CUDA_DEVICE_ORDER: 'FASTEST_FIRST' };
    assert.deepEqual(gpuEnvironment(own, 1, '/engine/cuda-cache'), {});
    assert.deepEqual(gpuEnvironment({ CUDA_CACHE_MAXSIZE: '1000' }, 1), { CUDA_DEVICE_ORDER: 'PCI_BUS_ID' });
  });
});
