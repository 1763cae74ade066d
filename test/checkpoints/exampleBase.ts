import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBaseFolder, type BaseFolder } from '../../checkpoints/base/baseFolder.js';
import { fromFloat32, writeSafetensors } from '../../checkpoints/tensors/safetensors.js';

/** A tokenizer.json that knows four tokens; 7 is the end of a text. */
export const tokenizer = {
  added_tokens: [{ id: 7, content: '<end>' }],
  post_processor: { type: 'ByteLevel', trim_offsets: false },
  model: { type: 'BPE', vocab: { a: 0, b: 1, '<begin>': 6 }, merges: [] },
};

/** A base in bfloat16: an embedding table [4, 2], the query projection of layer 0 [3, 2] and a position table of I32. */
export async function writeExampleBase(folder: string): Promise<BaseFolder> {
  await mkdir(folder, { recursive: true });
  const bfloat16 = (name: string, shape: number[], values: number[]) => ({
    name,
    dtype: 'BF16' as const,
    shape,
    bytes: fromFloat32(Float32Array.from(values), 'BF16'),
  });
  await writeSafetensors(join(folder, 'model.safetensors'), [
    bfloat16('model.embed_tokens.weight', [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
    bfloat16('model.layers.0.self_attn.q_proj.weight', [3, 2], [1, 1, 1, 1, 1, 1]),
    { name: 'positions', dtype: 'I32', shape: [1], bytes: Uint8Array.of(5, 0, 0, 0) },
  ]);
  const json = (name: string, value: unknown) => writeFile(join(folder, name), JSON.stringify(value));
  await json('config.json', { hidden_size: 2, model_type: 'qwen2', torch_dtype: 'bfloat16' });
  await json('tokenizer.json', tokenizer);
  await json('tokenizer_config.json', { tokenizer_class: 'Qwen2Tokenizer', add_eos_token: false, eos_token: '<end>' });
  await writeFile(join(folder, 'LICENSE'), 'do what you like');
  await writeFile(join(folder, 'notes.txt'), 'not for others');
  return openBaseFolder(folder);
}
