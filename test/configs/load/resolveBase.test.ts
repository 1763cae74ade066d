import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { namesIn } from '../../../configs/load/names.js';
import { resolveBase } from '../../../configs/load/resolveBase.js';
import { UserError } from '../../../configs/userError.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

const refusal = (message: string) => (error: unknown) => {
  assert.ok(error instanceof UserError);
  assert.equal(error.message, message);
  return true;
};

/** The eight bases of the study and where they are published. */
const study: Record<string, string> = {
  'qwen-base': 'Qwen/Qwen2.5-7B',
  'qwen-instruct': 'Qwen/Qwen2.5-7B-Instruct',
  'qwen-coder': 'Qwen/Qwen2.5-Coder-7B',
  'qwen-coder-instruct': 'Qwen/Qwen2.5-Coder-7B-Instruct',
  'qwen-math': 'Qwen/Qwen2.5-Math-7B',
  'qwen-math-instruct': 'Qwen/Qwen2.5-Math-7B-Instruct',
  'qwen-r1': 'deepseek-ai/DeepSeek-R1-Distill-Qwen-7B',
  'qwen-vl': 'Qwen/Qwen2.5-VL-7B-Instruct',
};

describe('resolveBase', () => {
  const inFolder = useTemporaryFolder();

  it('gives every name in configs/bases/ a recipe that exists, and a folder or a place on the hub', () => {
    for (const name of namesIn('bases')) {
      const { source, recipe } = resolveBase(name);
      assert.ok(namesIn('recipes').includes(recipe), `${name} names the recipe ${recipe}`);
      if ('id' in source) assert.match(source.revision, /^[0-9a-f]{40}$/, `${name} names a commit`);
    }
  });

  it("knows the study's eight bases, three of them with rotary base 10,000, one with a recipe of its own", () => {
    const resolved = Object.keys(study).map(resolveBase);
    assert.deepEqual(
      Object.fromEntries(resolved.map(({ name, source }) => [name, 'id' in source && source.id])),
      study,
    );
    const slow = resolved.filter(({ file }) => file!.shape!.ropeTheta === 10_000).map(({ name }) => name);
    assert.deepEqual(slow, ['qwen-math', 'qwen-math-instruct', 'qwen-r1']);
    assert.deepEqual(
      resolved.filter(({ recipe }) => recipe !== 'study').map(({ name, recipe }) => [name, recipe]),
      [['qwen-vl', 'study-vl']],
    );
  });

  it("finds the demonstration's weights wherever it is called from", () => {
    const { name, source, recipe } = resolveBase('demo');
    assert.deepEqual({ name, recipe }, { name: 'demo', recipe: 'demo' });
    assert.ok('folder' in source && isAbsolute(source.folder) && existsSync(join(source.folder, 'tokenizer.json')));
  });

  it("takes a folder, is called by its last part, and trains by the study's recipe", async () => {
    await mkdir(inFolder('Qwen2.5-0.5B'));
    const base = { name: 'Qwen2.5-0.5B', source: { folder: inFolder('Qwen2.5-0.5B') }, recipe: 'study' };
    assert.deepEqual(resolveBase(inFolder('Qwen2.5-0.5B')), base);
    assert.deepEqual(resolveBase(`${inFolder('Qwen2.5-0.5B')}//`), base);
  });

  it('takes an id of the hub, with a revision or without', () => {
    const base = { name: 'other-7B', recipe: 'study' };
    const id = 'some.one/other-7B';
    assert.deepEqual(resolveBase(id), { ...base, source: { id, revision: 'main' } });
    assert.deepEqual(resolveBase(`${id}@refs/pr/3`), { ...base, source: { id, revision: 'refs/pr/3' } });
  });

  it('knows the id of a named base, at its commit unless another is stated', () => {
    const named = resolveBase('qwen-vl');
    assert.deepEqual(resolveBase('Qwen/Qwen2.5-VL-7B-Instruct'), named);
    const { source, recipe } = resolveBase('Qwen/Qwen2.5-VL-7B-Instruct@main');
    assert.deepEqual([source, recipe], [{ id: 'Qwen/Qwen2.5-VL-7B-Instruct', revision: 'main' }, 'study-vl']);
  });

  it('prefers a folder to an id that looks the same', async () => {
    await mkdir(inFolder('owner/model'), { recursive: true });
    const started = process.cwd();
    process.chdir(inFolder());
    try {
      assert.deepEqual(resolveBase('owner/model').source, { folder: 'owner/model' });
    } finally {
      process.chdir(started);
    }
  });

  it('suggests the near name', () => {
    const neither = 'neither a name, a folder in Hugging Face layout nor an id of the hub (owner/name)';
    assert.throws(() => resolveBase('dmeo'), refusal(`unknown base dmeo, ${neither}; did you mean demo?`));
    assert.throws(
      () => resolveBase('qwen-maths'),
      refusal(`unknown base qwen-maths, ${neither}; did you mean qwen-math?`),
    );
  });

  it('says of what can only be a path that it does not exist', () => {
    for (const path of ['./Qwen2.5', '/a/b/Qwen2.5', 'a/b/Qwen2.5', 'models/', '~/Qwen2.5'])
      assert.throws(() => resolveBase(path), refusal(`base folder ${path} does not exist`));
  });

  it('refuses a file', async () => {
    await writeFile(inFolder('model.safetensors'), '');
    assert.throws(() => resolveBase(inFolder('model.safetensors')), UserError);
  });
});
