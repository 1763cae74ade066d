import { openBaseFolder } from '../../checkpoints/base/baseFolder.js';
import { readTensorBytes, toFloat32 } from '../../checkpoints/tensors/safetensors.js';
import { UserError } from '../../configs/userError.js';
import { tf } from '../../model/engine/tf.js';
import { modelConfig } from '../../model/modelConfig.js';
import { freshDecoder, type TrainableDecoder } from './demoDecoder.js';

/**
 * Read a checkpoint folder as a decoder whose every weight learns; the caller owns its tensors.
 * @throws UserError when a weight is missing, of another shape, or the language head is not the embedding table
 */
export async function loadDecoder(folder: string): Promise<TrainableDecoder> {
  const { config, tensors } = await openBaseFolder(folder);
  if (config['tie_word_embeddings'] !== true)
    throw new UserError(`${folder} cannot be pretrained further: its language head is not its embedding table`);
  const decoder = freshDecoder(modelConfig(config, `${folder}/config.json`), 0);
  for (const [name, variable] of decoder.parameters) {
    const entry = tensors.get(name);
    if (!entry || entry.shape.join() !== variable.shape.join())
      throw new UserError(
        `${folder} cannot be pretrained further: ${name} must be there, of shape ${variable.shape.join(' x ')}`,
      );
    const values = tf.tensor(toFloat32(await readTensorBytes(entry), entry.dtype), variable.shape);
    variable.assign(values);
    values.dispose();
  }
  return decoder;
}
