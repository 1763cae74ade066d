import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { demoSettings } from '../../../train/pretrain/demoSettings.js';
import { freshDecoder } from '../../../train/pretrain/demoDecoder.js';
import { loadDecoder } from '../../../train/pretrain/loadDecoder.js';
import { writeDecoder } from '../../../train/pretrain/pretrain.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('loadDecoder', () => {
  const inFolder = useTemporaryFolder();
  const model = {
    ...demoSettings.model,
    vocabularySize: 8,
    hidden: 16,
    intermediate: 24,
    layers: 1,
    heads: 2,
    headDim: 8,
  };

  before(() => startEngine());

  it('reads every weight of a checkpoint: written again, it is the same file', async () => {
    const written = inFolder('written');
    const decoder = freshDecoder({ ...model, kvHeads: 1 }, 3);
    await writeDecoder(written, decoder, 0);
    const read = await loadDecoder(written);
    const again = inFolder('again');
    await writeDecoder(again, read, 0);
    const weights = (folder: string) => readFileSync(join(folder, 'model.safetensors'));
    assert.deepEqual(weights(again), weights(written));
    tf.dispose([...decoder.parameters.values(), ...read.parameters.values()]);
  });

  it('refuses a checkpoint whose language head is a matrix of its own', async () => {
    const folder = inFolder('untied');
    const decoder = freshDecoder({ ...model, kvHeads: 1 }, 3);
    await writeDecoder(folder, decoder, 0);
    tf.dispose([...decoder.parameters.values()]);
    const file = join(folder, 'config.json');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('"tie_word_embeddings": true', '"tie_word_embeddings": false'),
    );
    await assert.rejects(loadDecoder(folder), { name: 'UserError', message: /its language head is not its embedding/ });
  });
});
