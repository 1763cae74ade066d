import assert from 'node:assert/strict';
import { visionConfig } from '../../../model/vision/visionConfig.js';

const decoder = { hidden: 8, headDim: 8 };
const tower = {
  hidden_size: 16,
  intermediate_size: 20,
  depth: 3,
  num_heads: 2,
  patch_size: 14,
  spatial_merge_size: 2,
  window_size: 112,
  fullatt_block_indexes: [1],
  out_hidden_size: 8,
  hidden_act: 'silu',
};
const released = {
  image_token_id: 5,
  vision_start_token_id: 3,
  vision_end_token_id: 4,
  vision_config: tower,
  rope_scaling: { type: 'mrope', mrope_section: [1, 1, 2] },
};
const read = (json: object) => visionConfig(json as Record<string, unknown>, decoder, 'config.json');
const refuses = (change: object, message: RegExp) =>
  assert.throws(() => read({ ...released, vision_config: { ...tower, ...change } }), message);

describe('visionConfig', () => {
  it('reads the tower, the tokens of images and how frequencies are dealt out', () => {
    assert.deepEqual(read(released), {
      hidden: 16,
      intermediate: 20,
      blocks: 3,
      heads: 2,
      headDim: 8,
      patch: 14,
      merge: 2,
      window: 4,
      fullBlocks: [1],
      out: 8,
      sections: [1, 1, 2],
      startId: 3,
      imageId: 5,
      endId: 4,
    });
  });

  it('reads what transformers 5 writes: frequencies within the text, an id left out', () => {
    const { rope_scaling: scaling, vision_start_token_id: _, ...rest } = released;
    const nested = { ...rest, text_config: { rope_parameters: { ...scaling, rope_theta: 1e6 } } };
    assert.deepEqual(read(nested), { ...read(released)!, startId: undefined });
  });

  it('finds none in the config of a text model', () => {
    assert.equal(read({ hidden_size: 8 }), undefined);
  });

  it('refuses a tower that is not computed here', () => {
    refuses({ hidden_act: 'gelu' }, /vision_config\.hidden_act must be silu; got "gelu"/);
    refuses({ out_hidden_size: 9 }, /out_hidden_size must be 8; got 9/);
    refuses({ in_channels: 1 }, /in_channels must be 3/);
    refuses({ window_size: 100 }, /window_size must be a multiple of 28/);
    refuses({ depth: 0 }, /vision_config\.depth must be a whole number above 0; got 0/);
    refuses({ num_heads: 8 }, /head size of the vision tower must be a multiple of 4; got 2/);
    refuses({ fullatt_block_indexes: null }, /fullatt_block_indexes must list blocks/);
    refuses({ rope_parameters: { rope_theta: 5 } }, /rope_theta must be 10000; got 5/);
    assert.throws(
      () => read({ ...released, rope_scaling: { mrope_section: [1, 1, 1] } }),
      /mrope_section must be three numbers that add up to 4/,
    );
  });
});
