import assert from 'node:assert/strict';
import { readBaseFile } from '../../../configs/load/baseFile.js';
import { namesIn } from '../../../configs/load/names.js';
import { projections } from '../../../configs/schema.js';
import { adapterParameters, checkpointParameters } from '../../../model/memory/shapeArithmetic.js';

/** Numbers in the published checkpoints, as their model.safetensors.index.json (`total_size` / 2) or the hub state them. */
const published: Record<string, number> = {
  '': 7_615_616_512,
  '-0.5b': 494_032_768,
  '-1.5b': 1_543_714_304,
  '-3b': 3_085_938_688,
  'qwen-r1-1.5b': 1_777_088_000,
  'qwen-vl': 8_292_166_656,
  'qwen-vl-3b': 3_754_622_976,
};

describe('shapes in configs/bases/', () => {
  for (const name of namesIn('bases').filter((each) => !each.startsWith('demo')))
    it(`of ${name} make as many numbers as are published`, () => {
      const expected = published[name] ?? published[/-[\d.]+b$/.exec(name)?.[0] ?? ''];
      assert.equal(checkpointParameters(readBaseFile(name).shape!), expected);
    });

  it("make 80,740,352 trained numbers at the study's rank, as its logs say", () => {
    assert.equal(adapterParameters(readBaseFile('qwen-base').shape!, 32, projections), 80_740_352);
  });
});
