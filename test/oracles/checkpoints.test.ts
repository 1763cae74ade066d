import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAdapter, writeAdapter } from '../../checkpoints/adapter/adapter.js';
import { parseAdapterConfig } from '../../checkpoints/adapter/config.js';
import { targetModule } from '../../checkpoints/adapter/names.js';
import { adapterProblems } from '../../checkpoints/adapter/problems.js';
import { openBaseFolder } from '../../checkpoints/base/baseFolder.js';
import { readSafetensorsIndex, readTensorBytes } from '../../checkpoints/tensors/safetensors.js';
import { projections } from '../../configs/schema.js';

const oracles = join(process.env.ORACLES ?? '../shared/data', 'oracles');
const bases = ['base', 'instruct', 'coder', 'coder-instruct', 'math', 'math-instruct', 'r1', 'vl'];

describe('checkpoints of other tools', () => {
  let folder = '';
  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'tercet-'));
    if (existsSync(join(oracles, 'replicas'))) return;
    console.log(`    skipped: ${oracles} holds no replicas of the bases; name the folder above it by ORACLES`);
    this.skip();
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('reads every base, in one file or shards, and tells them apart', async () => {
    const opened = await Promise.all(bases.map((base) => openBaseFolder(join(oracles, 'replicas', `qwen-${base}`))));
    for (const { tensors } of opened) assert.deepEqual(tensors.get('model.embed_tokens.weight')!.shape, [1792, 64]);
    assert.equal(new Set(opened.map(({ weightsHash }) => weightsHash)).size, bases.length);
  });

  it('writes the adapter that PEFT trained with the same names, shapes and bytes', async () => {
    for (const base of bases) {
      const expected = join(oracles, 'replicas', `qwen-${base}`, 'expected');
      const given = join(folder, base, 'given');
      await mkdir(given, { recursive: true });
      await copyFile(join(expected, 'adapter-start/adapter_config.json'), join(given, 'adapter_config.json'));
      await copyFile(join(expected, 'adapter_after_12.safetensors'), join(given, 'adapter_model.safetensors'));
      const adapter = await readAdapter(given);
      assert.deepEqual(adapterProblems(adapter, 3, projections), []);
      await writeAdapter(join(folder, base, 'written'), adapter);
      const [theirs, ours] = await Promise.all(
        ['given', 'written'].map((name) => contents(join(folder, base, name, 'adapter_model.safetensors'))),
      );
      assert.deepEqual(ours, theirs);
    }
  });

  it("reads the adapter_config.json of someone else's adapter", async () => {
    const file = join(oracles, 'peft_adapter_config_qwen/adapter_config.json');
    const { modules, ...settings } = parseAdapterConfig(
      file,
      JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>,
    );
    assert.deepEqual([...modules!].sort(), projections.map(targetModule).sort());
    assert.deepEqual(settings, {
      rank: 32,
      alpha: 64,
      dropout: 0,
      targets: [...projections],
      base: 'Qwen/Qwen2-1.5B-Instruct',
    });
  });
});

async function contents(file: string) {
  const { tensors } = await readSafetensorsIndex(file);
  const read = [...tensors].map(async ([name, entry]) => {
    const { dtype, shape } = entry;
    return [name, dtype, shape, Buffer.from(await readTensorBytes(entry)).toString('base64')] as const;
  });
  return Promise.all(read);
}
