import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { beyondPositions } from '../../../checkpoints/base/beyondPositions.js';
import { contract } from '../examples.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

// Texts of any length were encoded without a word, though the base had met none so long.
describe('beyondPositions', () => {
  const place = useTemporaryFolder();
  const told = (config: object) => {
    writeFileSync(place('config.json'), JSON.stringify(config));
    return beyondPositions(place(), { ...contract, queryMaxLength: 512, passageMaxLength: 513 });
  };

  it('names the limit that is above what the base was made for', async () => {
    const line =
      'contract.passageMaxLength is 513, and the base was made for texts of 512 tokens (max_position_embeddings): ' +
      'longer ones get embeddings that it never learned';
    assert.deepEqual(await told({ max_position_embeddings: 512 }), [line]);
    assert.deepEqual(await told({ text_config: { max_position_embeddings: 512 } }), [line]);
  });

  it('says nothing where texts are short enough, or the base does not tell', async () => {
    assert.deepEqual(await told({ max_position_embeddings: 513 }), []);
    assert.deepEqual(await told({}), []);
  });
});
