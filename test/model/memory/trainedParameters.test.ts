import assert from 'node:assert/strict';
import { readBaseFile } from '../../../configs/load/baseFile.js';
import { projections } from '../../../configs/schema.js';
import { trainedParameters } from '../../../model/memory/trainedParameters.js';

// The disk that saved states take was planned without the tower's adapters, which the plan of memory counted.
describe('trainedParameters', () => {
  const lora = { rank: 32, alpha: 64, dropout: 0, targets: [...projections] };

  it("are the decoder's, and the vision tower's where it learns and the base has one", () => {
    const [reads, textOnly] = ['qwen-vl', 'qwen-base'].map((name) => readBaseFile(name).shape!);
    const ofTower = 32 * 32 * (1280 + 3840 + 2560 + 3 * 4700); // blocks x rank x (qkv, proj, and gate, up and down)
    assert.equal(trainedParameters(reads!, lora), 80_740_352);
    assert.equal(trainedParameters(reads!, { ...lora, tower: true }), 80_740_352 + ofTower);
    assert.equal(trainedParameters(textOnly!, { ...lora, tower: true }), 80_740_352);
  });
});
