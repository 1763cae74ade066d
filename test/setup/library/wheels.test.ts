import assert from 'node:assert/strict';
import { missingFile } from '../../../setup/library/wheels.mjs';

describe('the wheels of an engine', () => {
  // An engine for cards from before XLA was used counted as whole, and XLA found no ptxas to start.
  it('tell which file an older installation lacks', () => {
    const [cpu, gpu] = ['linux-x64-cpu', 'linux-x64-gpu'];
    const files: Record<string, object> = {};
    const lacking = (variant: string) => missingFile(variant, files);
    for (let name = lacking(cpu); name !== undefined; name = lacking(cpu)) files[name] = {};
    assert.ok('tensorflow/libtensorflow_cc.so.2' in files);
    assert.equal(lacking(gpu), 'nvidia/cuda_nvcc/bin/ptxas');
    files['nvidia/cuda_nvcc/bin/ptxas'] = {};
    assert.equal(lacking(gpu), 'nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc');
    files['nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc'] = {};
    assert.equal(lacking(gpu), undefined);
    assert.equal(missingFile('darwin-arm64-cpu', {}), undefined, 'a system without wheels');
  });
});
