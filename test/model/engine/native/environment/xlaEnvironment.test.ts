import assert from 'node:assert/strict';
import { xlaEnvironment } from '../../../../../model/engine/native/environment/xlaEnvironment.js';

describe('xlaEnvironment', () => {
  const card = { compiler: '/engine/nvcc', cache: '/engine/xla' };
  const folderIn = (flags = '') => /--tf_xla_persistent_cache_directory=(\/engine\/xla\/[0-9a-f]{16})/.exec(flags)?.[1];

  it('says where a card is compiled for and how, and leaves the last word to the user', () => {
    const { XLA_FLAGS } = xlaEnvironment({ XLA_FLAGS: '--xla_gpu_autotune_level=4' }, card);
    assert.ok(XLA_FLAGS!.startsWith('--xla_gpu_cuda_data_dir=/engine/nvcc '));
    assert.ok(
      XLA_FLAGS!.endsWith('--xla_gpu_autotune_level=0 --xla_gpu_enable_command_buffer= --xla_gpu_autotune_level=4'),
    );
  });

  it('keeps what was compiled in a folder for these flags alone', () => {
    const [own, same, other] = [{}, {}, { XLA_FLAGS: '--xla_gpu_autotune_level=4' }].map((env) =>
      folderIn(xlaEnvironment(env, card).TF_XLA_FLAGS),
    );
    assert.ok(own);
    assert.equal(own, same);
    assert.notEqual(own, other);
  });

  it('says nothing of cards to a processor, and of a cache that cannot be written', () => {
    assert.deepEqual(xlaEnvironment({}, { compiler: undefined, cache: undefined }), {});
    const { XLA_FLAGS, TF_XLA_FLAGS } = xlaEnvironment({ TF_XLA_FLAGS: '--own' }, { ...card, compiler: undefined });
    assert.equal(XLA_FLAGS, undefined);
    assert.ok(folderIn(TF_XLA_FLAGS) && TF_XLA_FLAGS!.endsWith(' --own'));
  });
});
