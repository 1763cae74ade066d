import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
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

  // A link into a cache that was cleared was told as weights that were never downloaded.
  it('calls a link to nothing that, whichever file it is', async () => {
    for (const name of ['config.json', 'model.safetensors']) {
      const folder = await writeSingle(place(name));
      await rm(join(folder, name));
      await symlink('../blobs/gone', join(folder, name));
      await refuses(folder, new RegExp(`${name} is a link to ../blobs/gone, which does not exist; put the file there`));
    }
    const sharded = await writeShards(place('sharded'), allPlaces);
    await rm(join(sharded, 'two.safetensors'));
    await symlink('gone', join(sharded, 'two.safetensors'));
    await refuses(sharded, /two\.safetensors is a link to gone, which does not exist/);
  });

  const refuses = (folder: string, message: RegExp) =>
    assert.rejects(openBaseFolder(folder), (error: Error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });

  it('opens a single file and shards alike: same tensors', async () => {
    const single = await openBaseFolder(await writeSingle(place('single')));
    const shards = await openBaseFolder(await writeShards(place('shards'), allPlaces));
    assert.deepEqual(single.config, { hidden_size: 4 });
    assert.deepEqual([...single.tensors.keys()].sort(), ['a', 'b', 'c']);
    assert.equal(shards.tensors.get('c')!.file, join(place('shards'), 'two.safetensors'));
  });

  it('gives other weights another hash', async () => {
    const one = await openBaseFolder(await writeSingle(place('one'), 1));
    const other = await openBaseFolder(await writeSingle(place('other'), 5));
    assert.notEqual(other.weightsHash, one.weightsHash);
  });

  it('tells bases apart that differ in one byte deep inside a tensor, and knows a copy', async () => {
    // Hashes of the first and last 4 KiB took such bases for one: kept embeddings of one were scored as the other's.
    const open = async (name: string, middle: number) => {
      const values = Array.from({ length: 20_000 }, (_, at) => (at === 10_000 ? middle : 7));
      await mkdir(place(name));
      await writeFile(join(place(name), 'config.json'), '{}');
      await writeSafetensors(join(place(name), 'model.safetensors'), [tensor('a', ...values)]);
      return openBaseFolder(place(name));
    };
    const one = await open('one', 1);
    assert.equal((await open('copy', 1)).weightsHash, one.weightsHash);
    assert.notEqual((await open('other', 2)).weightsHash, one.weightsHash);
  });

  it('takes the name that a file has among the blobs of the hub for its hash', async () => {
    const folder = await writeSingle(place('models--a--b/snapshots/c'));
    const own = (await openBaseFolder(folder)).weightsHash;
    const file = join(folder, 'model.safetensors');
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    await mkdir(place('models--a--b/blobs'));
    await rename(file, place(`models--a--b/blobs/${sha256}`));
    await symlink(`../../blobs/${sha256}`, file);
    assert.equal((await openBaseFolder(folder)).weightsHash, own);
    await rename(place(`models--a--b/blobs/${sha256}`), place(`models--a--b/blobs/${'0'.repeat(64)}`));
    await rm(file);
    await symlink(`../../blobs/${'0'.repeat(64)}`, file);
    const zeros = createHash('sha256').update('0'.repeat(64)).digest('hex');
    assert.equal((await openBaseFolder(folder)).weightsHash, zeros); // it was not read
  });

  it('names the shard that is missing', async () => {
    const folder = await writeShards(place('base'), allPlaces);
    await rm(join(folder, 'two.safetensors'));
    await refuses(folder, /base lacks two\.safetensors, which model\.safetensors\.index\.json names; download it/);
  });

  // An index that was cut or edited named a part of the shards, and the rest of the weights was not missed here.
  it('refuses an index that names some of several numbered shards', async () => {
    const [first, third] = ['model-00001-of-00003.safetensors', 'model-00003-of-00003.safetensors'];
    const folder = await writeShards(place('base'), allPlaces);
    await rename(join(folder, 'one.safetensors'), join(folder, first));
    await rename(join(folder, 'two.safetensors'), join(folder, third));
    const index = { weight_map: { a: first, b: first, c: third } };
    await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
    await refuses(folder, /model is not whole: of its 3 parts model-00002-of-00003\.safetensors is missing/);
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
