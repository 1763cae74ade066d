import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBaseFolder } from '../../../checkpoints/base/baseFolder.js';
import { writeSafetensors } from '../../../checkpoints/tensors/safetensors.js';
import { UserError } from '../../../configs/userError.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

const tensor = (name: string, ...values: number[]) => ({
  name,
  dtype: 'U8' as const,
  shape: [values.length],
  bytes: Uint8Array.from(values),
});

describe('openBaseFolder', () => {
  const place = useTemporaryFolder();

  async function writeShards(folder: string, places: Record<string, string>) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'config.json'), '{"hidden_size": 4}');
    await writeSafetensors(join(folder, 'one.safetensors'), [tensor('a', 1, 2), tensor('b', 3)]);
    await writeSafetensors(join(folder, 'two.safetensors'), [tensor('c', 4)]);
    await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: places }));
    return folder;
  }

  async function writeSingle(folder: string, first = 1) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'config.json'), '{"hidden_size": 4}');
    const tensors = [tensor('c', 4), tensor('a', first, 2), tensor('b', 3)];
    await writeSafetensors(join(folder, 'model.safetensors'), tensors);
    return folder;
  }

  const allPlaces = { a: 'one.safetensors', b: 'one.safetensors', c: 'two.safetensors' };

  const refuses = (folder: string, message: RegExp) =>
    assert.rejects(openBaseFolder(folder), (error: Error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });

  it('opens a single file and shards alike: same tensors, same hash', async () => {
    const single = await openBaseFolder(await writeSingle(place('single')));
    const shards = await openBaseFolder(await writeShards(place('shards'), allPlaces));
    assert.deepEqual(single.config, { hidden_size: 4 });
    assert.deepEqual([...single.tensors.keys()].sort(), ['a', 'b', 'c']);
    assert.equal(shards.tensors.get('c')!.file, join(place('shards'), 'two.safetensors'));
    assert.equal(shards.weightsHash, single.weightsHash);
  });

  it('gives other weights another hash', async () => {
    const one = await openBaseFolder(await writeSingle(place('one'), 1));
    const other = await openBaseFolder(await writeSingle(place('other'), 5));
    assert.notEqual(other.weightsHash, one.weightsHash);
  });

  it('names the shard that is missing', async () => {
    const folder = await writeShards(place('base'), allPlaces);
    await rm(join(folder, 'two.safetensors'));
    await refuses(folder, /base lacks two\.safetensors, which model\.safetensors\.index\.json names; download it/);
  });

  it('names a tensor that is not in the shard that the index says', async () => {
    const folder = await writeShards(place('base'), { ...allPlaces, d: 'two.safetensors' });
    await refuses(folder, /two\.safetensors lacks d, which .*index\.json places there/);
  });

  it('names a tensor that the index does not know', async () => {
    const folder = await writeShards(place('base'), { a: 'one.safetensors', c: 'two.safetensors' });
    await refuses(folder, /one\.safetensors holds b, which .*index\.json does not place there/);
  });

  it('refuses shards outside its folder', async () => {
    const folder = await writeShards(place('base'), { ...allPlaces, a: '../one.safetensors' });
    await refuses(folder, /names \.\.\/one\.safetensors; shards must lie beside the index/);
  });

  it('says what to do about weights that are pickled', async () => {
    const folder = await writeSingle(place('base'));
    await rm(join(folder, 'model.safetensors'));
    await refuses(folder, /holds neither model\.safetensors nor/);
    await writeFile(join(folder, 'pytorch_model-00001-of-00002.bin'), '');
    await refuses(folder, /holds pytorch_model\.bin only; convert the weights to model\.safetensors/);
  });

  it('refuses a folder without a usable config.json, and what is no folder', async () => {
    const folder = await writeSingle(place('base'));
    await writeFile(join(folder, 'config.json'), '{"hidden_size": ');
    await refuses(folder, /config\.json must hold one JSON object/);
    await rm(join(folder, 'config.json'));
    await refuses(folder, /config\.json does not exist/);
    await refuses(place('absent'), /absent is not a folder; give one in Hugging Face layout/);
    await refuses(join(folder, 'model.safetensors'), /is not a folder/);
  });
});
