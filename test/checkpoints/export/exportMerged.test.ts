import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { openBaseFolder } from '../../../checkpoints/base/baseFolder.js';
import { readContract } from '../../../checkpoints/contract/contractFile.js';
import { exportMerged } from '../../../checkpoints/export/exportMerged.js';
import { readTensorBytes, toFloat32 } from '../../../checkpoints/tensors/safetensors.js';
import { tensorPrefixes } from '../../../checkpoints/base/tensorPrefixes.js';
import { writeExampleBase } from '../exampleBase.js';
import { adapter, contract } from '../examples.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

const projection = 'model.layers.0.self_attn.q_proj.weight';

// alpha / rank b a = 2 [0.5; 1; 0] [1 -2] = [1 -2; 2 -4; 0 0], added to a matrix of ones.
const merged = [2, -1, 3, -3, 1, 1];

describe('exportMerged', () => {
  const place = useTemporaryFolder();

  async function readWeights(folder: string) {
    const { tensors } = await openBaseFolder(folder);
    const read = async (name: string) => {
      const entry = tensors.get(name)!;
      return { dtype: entry.dtype, values: [...toFloat32(await readTensorBytes(entry), entry.dtype)] };
    };
    return { names: [...tensors.keys()], read, positions: await readTensorBytes(tensors.get('positions')!) };
  }

  it('adds the adapter to its projection, in the kind and under the names of the base', async () => {
    const base = await writeExampleBase(place('base'));
    await exportMerged(place('out'), { base, adapter, contract });
    const { names, read, positions } = await readWeights(place('out'));
    assert.deepEqual(names, [...base.tensors.keys()]);
    assert.deepEqual(await read(projection), { dtype: 'BF16', values: merged });
    assert.deepEqual(await read('model.embed_tokens.weight'), { dtype: 'BF16', values: [1, 2, 3, 4, 5, 6, 7, 8] });
    assert.deepEqual([...positions], [5, 0, 0, 0]);
  });

  for (const prefix of tensorPrefixes)
    it(`finds the projection under names that begin with ${JSON.stringify(prefix)}`, async () => {
      const base = await writeExampleBase(place('base'));
      const renamed = [...base.tensors].map(([name, entry]) => [name.replace(/^model\./, prefix), entry] as const);
      await exportMerged(place('out'), { base: { ...base, tensors: new Map(renamed) }, adapter, contract });
      const { read } = await readWeights(place('out'));
      assert.deepEqual((await read(projection.replace('model.', prefix))).values, merged);
    });

  it('rounds only the sum', async () => {
    const base = await writeExampleBase(place('base'));
    // 1 + 2^-8 lies half way between two bfloat16 numbers and goes to the even 1; 1 + 1.5 * 2^-8 goes up.
    const a = Float32Array.of(2 ** -9, 1.5 * 2 ** -9);
    const b = Float32Array.of(1, 0, 0);
    const matrices = new Map([['layers.0.self_attn.q_proj', { a, b, inSize: 2, outSize: 3 }]]);
    await exportMerged(place('out'), { base, adapter: { ...adapter, matrices }, contract });
    const { values } = await (await readWeights(place('out'))).read(projection);
    assert.deepEqual(values, [1, 1 + 2 ** -7, 1, 1, 1, 1]);
  });

  it('writes float32 where asked, whole numbers as they are, and says so in config.json', async () => {
    const base = await writeExampleBase(place('base'));
    await exportMerged(place('out'), { base, adapter, contract, dtype: 'F32' });
    const { read, positions } = await readWeights(place('out'));
    assert.deepEqual(await read(projection), { dtype: 'F32', values: merged });
    assert.deepEqual([...positions], [5, 0, 0, 0]);
    const config = JSON.parse(await readFile(place('out/config.json'), 'utf8')) as Record<string, unknown>;
    assert.deepEqual(config, { hidden_size: 2, model_type: 'qwen2', torch_dtype: 'float32', dtype: 'float32' });
  });

  it('cuts shards before they grow too long, with an index that places every tensor', async () => {
    const base = await writeExampleBase(place('base'));
    await exportMerged(place('out'), { base, adapter, contract, shardBytes: 16 }); // 16, 12 and 4 bytes
    const index = JSON.parse(await readFile(place('out/model.safetensors.index.json'), 'utf8')) as unknown;
    assert.deepEqual(index, {
      metadata: { total_size: 32 },
      weight_map: {
        'model.embed_tokens.weight': 'model-00001-of-00002.safetensors',
        [projection]: 'model-00002-of-00002.safetensors',
        positions: 'model-00002-of-00002.safetensors',
      },
    });
    assert.deepEqual((await (await readWeights(place('out'))).read(projection)).values, merged);
  });

  it('takes tokenizer and licence along, and writes contract and README', async () => {
    const base = await writeExampleBase(place('base'));
    await exportMerged(place('out'), { base, adapter, contract });
    assert.deepEqual((await readdir(place('out'))).sort(), [
      'LICENSE',
      'README.md',
      'config.json',
      'contract.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    assert.deepEqual(await readContract(place('out/contract.json')), contract);
  });

  it('refuses an adapter of another base and leaves nothing', async () => {
    const base = await writeExampleBase(place('base'));
    const matrix = adapter.matrices.get('layers.0.self_attn.q_proj')!;
    const having = (name: string, outSize: number) => ({
      ...adapter,
      matrices: new Map([[name, { ...matrix, outSize }]]),
    });
    await assert.rejects(
      exportMerged(place('out'), { base, adapter: having('layers.1.self_attn.q_proj', 3), contract }),
      /base .*base has no layers\.1\.self_attn\.q_proj, which the adapter changes; name the base it was trained on/,
    );
    await assert.rejects(
      exportMerged(place('out'), { base, adapter: having('layers.0.self_attn.q_proj', 4), contract }),
      /layers\.0\.self_attn\.q_proj is \[3, 2\] in base .*, \[4, 2\] in the adapter/,
    );
    assert.deepEqual(await readdir(place()), ['base']);
  });
});
